/* The address bar as state: the path names the page or the task that is open, `?q=&from=&to=` what
   the list of tasks is searched for. So the back button works and a link can be shared. */

import { base, ROOT } from './root.js';

/**
 * @typedef {''|'again'|'edit'} TaskForm the form that is open in the panel of a task
 * @typedef {{q: string, from: string, to: string}} Search `from` and `to` are RFC 3339, or ''
 * @typedef {{view: string, item: string|null, taskId: string|null, form: TaskForm, search: Search,
 *   params: Record<string, string>}} Route `item`: the one thing that the page shows, by its name
 */

/** The pages that also show one thing: `/functions/<name>`. */
const WITH_ITEMS = ['functions', 'webhooks', 'types', 'flows'];

/** `/tasks/<id>/<form>` */
const FORMS = ['again', 'edit'];

/** The view of an address that leads nowhere. */
export const NO_PAGE = 'nowhere';

/**
 * @param {Location|URL} place
 * @param {string[]} views the first one is the default
 * @param {{view: string, item: string|null}} beneath the page that stays visible behind an open task
 * @returns {Route}
 */
export function readRoute(place, views, beneath) {
  const [view = '', id = '', more = '', ...rest] = segmentsOf(place.pathname);
  const query = new URLSearchParams(place.search);
  const search = searchOf({ q: query.get('q') ?? '', state: query.get('state') ?? '', queue: query.get('queue') ?? '' });
  const range = { from: instantOf(query.get('from')), to: instantOf(query.get('to')) };
  const form = /** @type {TaskForm} */ (FORMS.includes(more) ? more : '');
  const route = { params: Object.fromEntries(query), form, search: { ...range, q: search } };
  const isTask = view === 'tasks' && id && (!more || route.form) && !rest.length;
  if (isTask) {
    const { view: below, item: shown } = views.includes(beneath.view) ? beneath : { view: 'tasks', item: null };
    return { ...route, view: below, item: shown, taskId: safeDecode(id) };
  }
  const item = id && !more && WITH_ITEMS.includes(view) ? safeDecode(id) : null;
  const named = view === '' ? views[0] : views.includes(view) && (item || !id) ? view : NO_PAGE;
  return { ...route, view: named, item, taskId: null };
}

/** The parts of a path of ours; a path that is not ours has one that is no page. */
function segmentsOf(path) {
  return path.startsWith(`${ROOT}/`) || path === ROOT ? path.slice(ROOT.length).split('/').filter(Boolean) : [NO_PAGE];
}

/**
 * The current address for one of an older version: `#/tasks` is now `/tasks`.
 * @param {Location|URL} place
 * @returns {string|null} null if it is none
 */
export function movedTo(place) {
  return place.hash.startsWith('#/') ? `${ROOT}${place.hash.slice(1)}${place.search}` : null;
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
  return `${ROOT}/tasks${text ? `?${text}` : ''}`;
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
 * @param {string|null} [item] the one thing that it shows
 */
export function pageUrl(view, params = {}, item = null) {
  const given = Object.entries(params).filter(([, value]) => value);
  const query = new URLSearchParams(/** @type {[string, string][]} */ (given));
  return `${pagePath(view, item)}${query.size ? `?${query}` : ''}`;
}

function pagePath(view, item) {
  return `${ROOT}/${view}${item ? `/${encodeURIComponent(item)}` : ''}`;
}

/** The address of a page as it is now, without the task that is open over it. @param {Pick<Route, 'view'|'item'>} route */
export function beneathUrl({ view, item }) {
  return `${pagePath(view, item)}${location.search}`;
}

/** Whether the address is that of the list of tasks, or of one that is open over it. */
export function isOnTasks() {
  return segmentsOf(location.pathname)[0] === 'tasks';
}

const TASK_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a text is the whole id of a task. @param {string} text */
export function isTaskId(text) {
  return TASK_ID.test(text);
}

/** A task, opened over the page as it is now. @param {string} id */
export function taskUrl(id) {
  return `${taskPath(id)}${location.search}`;
}

/** The form that runs a task again with another payload. @param {string} id */
export function againUrl(id) {
  return `${taskPath(id)}/again${location.search}`;
}

/** The form that changes a task that waits. @param {string} id */
export function editUrl(id) {
  return `${taskPath(id)}/edit${location.search}`;
}

/** The whole address of a task, for others. @param {string} id */
export function sharedTaskUrl(id) {
  return `${base()}/tasks/${encodeURIComponent(id)}`;
}

function taskPath(id) {
  return `${ROOT}/tasks/${encodeURIComponent(id)}`;
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
 * What goes on from here when something is done, unless the reader has left meanwhile: a late answer takes nobody away.
 * @returns {(url: string) => void}
 */
export function fromHere() {
  const here = location.href;
  return (url) => {
    if (location.href === here) go(url);
  };
}

/**
 * Report every change of address, and keep clicks on links to this page from loading it again.
 * @param {string[]} views
 * @param {(isBack: boolean) => void} onChange `isBack`: by the buttons of the browser, back or forward
 */
export function watchAddress(views, onChange) {
  addEventListener('popstate', ({ isTrusted }) => {
    redirect();
    onChange(isTrusted);
  });
  document.addEventListener('click', (event) => {
    const link = /** @type {Element} */ (event.target).closest?.('a[href]');
    const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (!link || !plain || event.defaultPrevented || link.hasAttribute('target')) return;
    const url = new URL(/** @type {HTMLAnchorElement} */ (link).href);
    const place = url.hash && url.pathname === location.pathname && url.search === location.search && !movedTo(url);
    if (url.origin !== location.origin || !(place || readRoute(url, views, { view: '', item: null }).view !== NO_PAGE)) return;
    event.preventDefault();
    // `#main` names a place of this page, and no view.
    if (place) document.getElementById(url.hash.slice(1))?.focus();
    else go(url.href);
  });
}

/** Replace an address of an older version by the current one. */
export function redirect() {
  const now = movedTo(location);
  if (now !== null) history.replaceState(null, '', now);
}

function safeDecode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
