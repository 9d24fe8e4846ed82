/* The address bar as state: `#/<view>` or `#/tasks/<id>` names what is open, `?state=&queue=` what
   the list shows. So the back button works and a link can be shared. */

import { TASK_STATES } from './task_state.js';

const QUEUES = ['high', 'default', 'low'];

/**
 * @param {Location} place
 * @param {string[]} views the first one is the default
 * @param {string} beneath the view that stays visible behind an open task
 * @returns {import('./store.js').Route}
 */
export function readRoute(place, views, beneath) {
  const [view = '', id = ''] = place.hash.replace(/^#\/?/, '').split('/');
  const query = new URLSearchParams(place.search);
  const state = (query.get('state') ?? '').toUpperCase();
  const queue = query.get('queue') ?? '';
  const filter = {
    state: state in TASK_STATES ? state : '',
    queue: QUEUES.includes(queue) ? queue : '',
    find: query.get('find') ?? '',
  };
  if (view === 'tasks' && id) return { view: beneath || 'tasks', taskId: safeDecode(id), filter };
  return { view: views.includes(view) ? view : views[0], taskId: null, filter };
}

/**
 * The address of the task list with a filter.
 * @param {{state?: string, queue?: string, find?: string}} filter
 */
export function tasksUrl(filter) {
  const query = new URLSearchParams();
  if (filter.state) query.set('state', filter.state);
  if (filter.queue) query.set('queue', filter.queue);
  if (filter.find) query.set('find', filter.find);
  return `${location.pathname}${query.size ? `?${query}` : ''}#/tasks`;
}

/** @param {string} id */
export function taskUrl(id) {
  return `#/tasks/${encodeURIComponent(id)}`;
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
    if (!here || !(url.hash.startsWith('#/') || url.hash === '')) return;
    event.preventDefault();
    go(url.href);
  });
}

function safeDecode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
