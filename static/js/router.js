/* The address bar as state: `#/<view>` or `#/tasks/<id>` names what is open, `?q=&from=&to=` what the
   list of tasks is searched for. So the back button works and a link can be shared. */

/**
 * @param {Location} place
 * @param {string[]} views the first one is the default
 * @param {string} beneath the view that stays visible behind an open task
 * @returns {import('./store.js').Route}
 */
export function readRoute(place, views, beneath) {
  const [view = '', id = '', more = ''] = place.hash.replace(/^#\/?/, '').split('/');
  const query = new URLSearchParams(place.search);
  const search = searchOf({ q: query.get('q') ?? '', state: query.get('state') ?? '', queue: query.get('queue') ?? '' });
  const range = { from: instantOf(query.get('from')), to: instantOf(query.get('to')) };
  const route = { params: Object.fromEntries(query), again: more === 'again', search: { ...range, q: search } };
  if (view === 'tasks' && id) return { ...route, view: beneath || 'tasks', taskId: safeDecode(id) };
  return { ...route, view: views.includes(view) ? view : views[0], taskId: null };
}

/**
 * The address of the task list with a search; a state and a queue become words of it.
 * @param {{q?: string, state?: string, queue?: string, from?: string, to?: string}} search
 */
export function tasksUrl(search) {
  const query = new URLSearchParams();
  const q = searchOf(search);
  if (q) query.set('q', q);
  if (search.from) query.set('from', search.from);
  if (search.to) query.set('to', search.to);
  const text = query.toString().replaceAll('%3A', ':');
  return `${location.pathname}${text ? `?${text}` : ''}#/tasks`;
}

function searchOf({ q = '', state = '', queue = '' }) {
  return [q, state && `state:${state.toLowerCase()}`, queue && `queue:${queue}`].filter(Boolean).join(' ');
}

function instantOf(text) {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString();
}

/**
 * The address of a page with what it keeps there; what is empty is left out.
 * @param {string} view
 * @param {Record<string, string|undefined>} [params]
 */
export function pageUrl(view, params = {}) {
  const given = Object.entries(params).filter(([, value]) => value);
  const query = new URLSearchParams(/** @type {[string, string][]} */ (given));
  return `${location.pathname}${query.size ? `?${query}` : ''}#/${view}`;
}

const TASK_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a text is the whole id of a task. @param {string} text */
export function isTaskId(text) {
  return TASK_ID.test(text);
}

/** @param {string} id */
export function taskUrl(id) {
  return `#/tasks/${encodeURIComponent(id)}`;
}

/** The form that runs a task once more with another payload. @param {string} id */
export function againUrl(id) {
  return `${taskUrl(id)}/again`;
}

/** The whole address of a task, for others. @param {string} id */
export function sharedTaskUrl(id) {
  return `${location.origin}${location.pathname}${taskUrl(id)}`;
}

/**
 * Go to an address of this page without loading it again.
 * @param {string} url
 * @param {boolean} [inPlace] without a new step for the back button
 */
export function go(url, inPlace = false) {
  if (inPlace) history.replaceState(null, '', url);
  else history.pushState(null, '', url);
  dispatchEvent(new PopStateEvent('popstate'));
}

/**
 * Report every change of address, and keep clicks on links to this page from loading it again.
 * @param {() => void} onChange
 */
export function watchAddress(onChange) {
  addEventListener('popstate', onChange);
  document.addEventListener('click', (event) => {
    const link = /** @type {Element} */ (event.target).closest?.('a[href]');
    const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (!link || !plain || event.defaultPrevented || link.hasAttribute('target')) return;
    const url = new URL(/** @type {HTMLAnchorElement} */ (link).href);
    const here = url.origin === location.origin && url.pathname === location.pathname;
    if (!here) return;
    event.preventDefault();
    // `#main` names a place of this page, and no view.
    if (url.hash.startsWith('#/') || url.hash === '') go(url.href);
    else document.getElementById(url.hash.slice(1))?.focus();
  });
}

function safeDecode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
