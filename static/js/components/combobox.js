/* A text field that offers what one may mean (the ARIA combobox with a list of options). Owns the
   list, its keys and its marks for screen readers; what is offered and what a choice does, others. */

import { h, mount } from '../lib/dom.js';

/** @typedef {{label: string, note?: string, group?: string}} Option */

/**
 * @template {Option} T
 * @param {HTMLInputElement} input
 * @param {string} name makes ids unique on the page
 * @param {{suggest: () => T[], choose: (option: T) => void, enter: (event: KeyboardEvent) => void,
 *   escape?: () => void, always?: boolean}} hooks
 *   `enter` is Enter with no option marked; `always`: the first option is marked, the list never closes
 * @returns {{list: HTMLElement, refresh: () => void, renew: () => void, close: () => void}}
 */
export function combobox(input, name, { suggest, choose, enter, escape, always = false }) {
  const list = h('ul', { class: 'options', id: `${name}-options`, role: 'listbox', 'aria-label': 'Suggestions',
    data: { testid: `${name}-options` } });
  /** @type {T[]} */
  let options = [];
  let marked = -1;
  for (const [attribute, value] of Object.entries({
    role: 'combobox', 'aria-autocomplete': 'list', 'aria-controls': list.id, 'aria-expanded': 'false', autocomplete: 'off',
    spellcheck: 'false',
  })) input.setAttribute(attribute, value);

  function show(found, mark = always ? 0 : -1) {
    options = found;
    marked = Math.min(mark, options.length - 1);
    draw();
  }

  /** What may be offered has changed, while nothing was typed: the marked option stays marked. */
  function renew() {
    const now = options[marked];
    const found = suggest();
    show(found, now && found.findIndex(({ group, label }) => group === now.group && label === now.label));
  }

  function draw() {
    mount(list, options.map(({ label, note, group }, i) => h('li', {
      key: `${group ?? ''}/${label}`, id: `${name}-option-${i}`, role: 'option', 'aria-selected': String(i === marked), data: { at: i },
    }, h('span', { class: 'option-label', dir: 'auto' }, label), note && h('span', { class: 'option-note' }, note))));
    list.hidden = !options.length;
    input.setAttribute('aria-expanded', String(options.length > 0));
    if (marked >= 0) input.setAttribute('aria-activedescendant', `${name}-option-${marked}`);
    else input.removeAttribute('aria-activedescendant');
    list.children[marked]?.scrollIntoView({ block: 'nearest' });
  }

  const refresh = () => show(suggest());
  const close = () => (always ? refresh() : show([]));

  function move(step) {
    if (!options.length) show(suggest());
    if (!options.length) return;
    const from = marked < 0 && step < 0 ? 0 : marked;
    marked = (from + step + options.length) % options.length;
    draw();
  }

  input.addEventListener('input', refresh);
  input.addEventListener('blur', () => always || show([]));
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) move(steps[event.key]);
    else if ((event.key === 'Enter' || (event.key === 'Tab' && !event.shiftKey && !always)) && marked >= 0) choose(options[marked]);
    else if (event.key === 'Enter') enter(event);
    else if (event.key === 'Escape' && options.length && !always) show([]);
    else if (event.key === 'Escape' && escape) escape();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  // The field keeps the focus while an option is clicked.
  list.addEventListener('mousedown', (event) => event.preventDefault());
  list.addEventListener('click', (event) => {
    const option = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest('[role="option"]'));
    if (option) choose(options[Number(option.dataset.at)]);
  });
  list.hidden = true;
  return { list, refresh, renew, close };
}
