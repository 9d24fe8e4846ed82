/* All that a page knows, and what it is before anything has been read. */

import { EMPTY_LIST } from './latest_tasks.js';
import { nothingFound } from './search_results.js';
import { NOTHING_CHOSEN } from './selection.js';

/** @param {number} now milliseconds */
export function initialState(now) {
  return {
    now,
    /** server time minus browser time, milliseconds */
    skew: 0,
    /** @type {'connecting'|'open'|'closed'} */
    socket: 'connecting',
    closedSince: now,
    /** @type {number|null} */
    lastFrameAt: null,
    /** @type {import('./records.js').Stats|null} */
    stats: null,
    /** the mode of a queue as its change was answered, for frames that were read before */
    settled: /** @type {Record<string, {ts: string, paused: boolean, draining: boolean}>} */ ({}),
    /** @type {import('./records.js').Problem|null} why the last snapshot could not be read */
    problem: null,
    /** @type {import('./records.js').Route} */
    route: { view: '', item: null, taskId: null, form: '', search: { q: '', from: '', to: '' }, params: {} },
    list: EMPTY_LIST,
    /** @type {import('./records.js').Problem|null} */
    listProblem: null,
    found: nothingFound(),
    /** what `found` was searched for; it is kept while another page is open */
    searched: { q: '', from: '', to: '' },
    /** @type {import('./records.js').Problem|null} why the search cannot be read, or what is wrong with it */
    foundProblem: null,
    /** a page further down is being read */
    reading: false,
    /** why the rows of the table may not move now */
    holds: /** @type {Record<string, boolean>} */ ({}),
    selection: NOTHING_CHOSEN,
    /** @type {import('./records.js').Wish|null} what the confirmation dialog asks about */
    wish: null,
    /** @type {{verb: string, done: number, skipped: number, total: number|null, stopping: boolean}|null} what runs in pieces */
    operation: null,
    /** @type {{id: string, value: any, problem: import('./records.js').Problem|null}|null} why the open task does not run */
    why: null,
    /** @type {{record: import('./records.js').Task|null, problem: import('./records.js').Problem|null}} */
    task: { record: null, problem: null },
    /** @type {Record<string, 'asking'|'busy'>} cancels under way, by task id */
    cancels: {},
    /** @type {any[]|null} */
    taskTypes: null,
    /** what the pages read beside statistics and tasks, by name (app/reader.js) */
    facts: /** @type {Record<string, {value: any, key: string, problem: import('./records.js').Problem|null}>} */ ({}),
    /** what a page remembers that is not in the address: a cursor, an unfolded table */
    ui: /** @type {Record<string, any>} */ ({}),
    /** @type {import('./records.js').Question|null} what the reader has to confirm */
    question: null,
    /** @type {import('./records.js').Toast[]} */
    toasts: [],
    /** @type {'help'|'key'|'confirm'|'palette'|null} */
    dialog: null,
  };
}

/** @typedef {ReturnType<typeof initialState>} State */

/** The server's clock, as well as the browser knows it. @param {State} state */
export function serverNow(state) {
  return state.now + state.skew;
}

/** The pages with the short list of tasks. */
export const LIST_VIEWS = new Set(['overview', 'submit']);

/** A task as the open page lists it. @param {State} state @param {string|null} id */
export function listedTask({ route: { view }, found, list }, id) {
  if (view === 'tasks') return found.byId.get(id ?? '') ?? null;
  return (LIST_VIEWS.has(view) && list.items.find((task) => task.task_id === id)) || null;
}

/** Whether two routes ask for the same search. @param {import('./records.js').Route} a @param {import('./records.js').Route} b */
export function sameSearch(a, b) {
  return a.view === b.view && a.search.q === b.search.q && a.search.from === b.search.from && a.search.to === b.search.to;
}
