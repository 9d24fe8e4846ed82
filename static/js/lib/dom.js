/* Builds elements and patches the page toward a new tree. Text only ever becomes text nodes, so no
   payload can become markup. Patching keeps the nodes that stay the same: focus, selection and
   scroll survive every refresh. Owns no state of the application. */

const SVG_NS = 'http://www.w3.org/2000/svg';
const ON = Symbol('handlers');
const KEY = Symbol('key');
const WAKE = Symbol('wake');
const SHOWS = Symbol('shows');

/**
 * @typedef {Node|string|number|null|undefined|false} Child
 * @typedef {Child|Children[]} Children
 */

/**
 * Build an HTML element.
 * @param {string} tag
 * @param {Record<string, any>|null} [props] attributes, and: `on` (handlers by event), `style`
 *   (an object, set through CSSOM), `data` (dataset), `key` (identity among siblings), `wake`
 *   (called once when the element enters the page; patching then leaves its children alone), `shows`
 *   (the value of a field; patching leaves a field alone that the reader is in)
 * @param {...Children} children
 * @returns {HTMLElement}
 */
export function h(tag, props, ...children) {
  return /** @type {HTMLElement} */ (build(document.createElement(tag), props, children));
}

/**
 * Build an SVG element; same properties as `h`.
 * @param {string} tag
 * @param {Record<string, any>|null} [props]
 * @param {...Children} children
 */
export function s(tag, props, ...children) {
  return build(document.createElementNS(SVG_NS, tag), props, children);
}

/**
 * Make the children of `host` look like `children`, changing as little as possible.
 * @param {Element} host
 * @param {...Children} children
 */
export function mount(host, ...children) {
  const wanted = document.createElement('div');
  append(wanted, children);
  patchChildren(host, wanted);
}

function build(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) set(node, name, value);
  append(node, children);
  if (SHOWS in node) node.value = node[SHOWS];
  return node;
}

function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === '') continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

function set(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === 'on') listen(node, value);
  else if (name === 'key') node[KEY] = value;
  else if (name === 'wake') node[WAKE] = value;
  else if (name === 'shows') node[SHOWS] = value;
  else if (name === 'data') Object.assign(node.dataset, value);
  else if (name === 'style') for (const k in value) node.style.setProperty(k, value[k]);
  else node.setAttribute(name, value === true ? '' : String(value));
}

function listen(node, handlers) {
  const known = node[ON] ?? {};
  for (const type in handlers) if (!(type in known)) node.addEventListener(type, dispatch);
  node[ON] = { ...known, ...handlers };
}

function dispatch(event) {
  this[ON]?.[event.type]?.call(this, event);
}

function alike(a, b) {
  return a.nodeName === b.nodeName && a[KEY] === b[KEY];
}

function patch(node, wanted) {
  if (node.nodeType === Node.TEXT_NODE) {
    if (node.data !== wanted.data) node.data = wanted.data;
    return;
  }
  patchAttributes(node, wanted);
  if (wanted[ON]) listen(node, wanted[ON]);
  if (!node[WAKE]) patchChildren(node, wanted);
  // Compared as the browser writes it: it may shorten what it is given.
  if (SHOWS in wanted && node !== document.activeElement && node.value !== wanted.value) node.value = wanted.value;
}

function patchAttributes(node, wanted) {
  for (const { name } of [...node.attributes]) {
    // `open` belongs to the reader: they fold a <details> and unfold it, a refresh must not.
    if (name !== 'open' && name !== 'style' && !wanted.hasAttribute(name)) node.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    const readers = name === 'style' || (name === 'open' && node.nodeName === 'DETAILS');
    if (!readers && node.getAttribute(name) !== value) node.setAttribute(name, value);
  }
  // The style attribute is refused by the CSP; the same text through CSSOM is not.
  if (node.style.cssText !== wanted.style.cssText) node.style.cssText = wanted.style.cssText;
}

function patchChildren(host, wanted) {
  const children = [...wanted.childNodes];
  const keys = new Set(children.map((child) => child[KEY]).filter((key) => key !== undefined));
  const byKey = new Map();
  for (const child of host.childNodes) if (child[KEY] !== undefined) byKey.set(child[KEY], child);
  let at = host.firstChild;
  for (const child of children) {
    // Drop what is gone first, so that what stays is never moved: moving a node loses its focus.
    while (at && at[KEY] !== undefined && !keys.has(at[KEY])) at = drop(at);
    const same = child[KEY] === undefined ? at : byKey.get(child[KEY]);
    if (same && alike(same, child)) {
      if (same === at) at = at.nextSibling;
      else host.insertBefore(same, at);
      patch(same, child);
    } else {
      host.insertBefore(child, at);
      wake(child);
    }
  }
  while (at) at = drop(at);
}

function drop(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function wake(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return;
  node[WAKE]?.(node);
  for (const inner of node.querySelectorAll('*')) inner[WAKE]?.(inner);
}
