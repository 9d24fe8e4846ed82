/* All the state of a page and the one function that changes it. The reducer is pure: no clock, no
   network, no page. Views read the state, actions and the live loop dispatch. */

import { extend, renew } from './audit_entries.js';
import * as search from './search_results.js';
import { isEmpty, leaveOut, NOTHING_CHOSEN } from './selection.js';
import { EMPTY_LIST, hold, insert, receive, release } from './latest_tasks.js';
import { isTerminal } from './task_state.js';

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
    route: { view: '', taskId: null, again: false, search: { q: '', from: '', to: '' }, params: {} },
    list: EMPTY_LIST,
    /** @type {import('./records.js').Problem|null} */
    listProblem: null,
    found: search.nothingFound(),
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

/**
 * @typedef {ReturnType<typeof initialState>} State
 * @typedef {ReturnType<typeof createStore>} Store
 */

const STEPS = {
  clock: (state, { now }) => ({ ...state, now }),
  socket: (state, { socket, at }) => ({
    ...state,
    socket,
    closedSince: state.socket === 'open' && socket !== 'open' ? at : state.closedSince,
  }),
  frame: (state, { frame, at }) => {
    const serverNow = frame.ts ? Date.parse(frame.ts) : at + state.skew;
    return {
      ...state,
      now: at,
      skew: serverNow - at,
      lastFrameAt: at,
      stats: { ...frame, queues: frame.queues.map((q) => asSettled(q, frame.ts, state.settled[q.queue])) },
      problem: null,
    };
  },
  problem: (state, { problem }) => ({ ...state, problem }),
  route: (state, { route }) => {
    const list = sameList(route, state.route) ? state.list : EMPTY_LIST;
    const task = route.taskId === state.route.taskId ? state.task : known(state, route.taskId);
    const next = { ...state, route, list, task, ui: { ...state.ui, menu: false, saved: null },
      why: route.taskId === state.route.taskId ? state.why : null,
      question: route.view === state.route.view ? state.question : null };
    return sameSearch(route, state.route)
      ? next : { ...next, found: search.nothingFound(), foundProblem: null, holds: {}, selection: NOTHING_CHOSEN };
  },
  tasks: (state, { tasks }) => withoutAnswered({ ...state, list: receive(state.list, tasks), listProblem: null }, tasks),
  tasksProblem: (state, { problem }) => ({ ...state, listProblem: problem }),
  taskAdded: (state, { task, fits }) => ({
    ...state, list: insert(state.list, task), found: fits ? search.insert(state.found, task) : state.found,
  }),
  found: (state, { answer: sent, how = 'head', cursor = '' }) => {
    const answer = { ...sent, tasks: sent.tasks.map((task) => ({ ...task, read_at: serverNow(state) })) };
    return withoutAnswered({
      ...state,
      foundProblem: null,
      found: how === 'head' ? search.receiveHead(state.found, answer)
        : how === 'more' ? search.receiveMore(state.found, answer) : search.receiveAgain(state.found, answer, cursor),
    }, sent.tasks);
  },
  foundProblem: (state, { problem }) => ({ ...state, foundProblem: problem }),
  foundAnew: (state) => ({ ...state, found: { ...state.found, goingOn: false } }),
  /** The reader has done something to the rows: what becomes of it is shown, whether they are held or not. */
  acted: (state, { everything }) => ({ ...state,
    found: everything ? { ...state.found, loaded: false, goingOn: false } : { ...state.found, eased: true } }),
  reading: (state, { on }) => ({ ...state, reading: on }),
  deleted: (state, { ids }) => select({ ...state, found: search.without(state.found, ids) }, leaveOut(state.selection, ids)),
  letIn: (state) => ({ ...state, found: search.letIn(state.found) }),
  holdFound: (state, { reason, on }) => {
    if (Boolean(state.holds[reason]) === on) return state;
    const holds = { ...state.holds, [reason]: on };
    return { ...state, holds, found: search.hold(state.found, isHeld(holds, state.selection)) };
  },
  select: (state, { selection }) => select(state, selection),
  wish: (state, { wish }) => ({ ...state, wish, dialog: wish ? 'confirm' : state.dialog === 'confirm' ? null : state.dialog }),
  operation: (state, { operation }) => ({ ...state, operation }),
  why: (state, { id, value = null, problem = null }) => ({ ...state,
    why: { id, value: value ?? (state.why?.id === id ? state.why?.value : null), problem } }),
  hold: (state, { held }) => (held === state.list.held ? state : { ...state, list: hold(state.list, held) }),
  release: (state) => ({ ...state, list: release(state.list) }),
  task: (state, { record, problem = null }) => withoutAnswered({
    ...state,
    task: { record: record ?? state.task.record, problem },
  }, record ? [record] : []),
  cancel: (state, { id, step }) => {
    const { [id]: _, ...others } = state.cancels;
    return { ...state, cancels: step ? { ...others, [id]: step } : others };
  },
  taskTypes: (state, { taskTypes }) => ({ ...state, taskTypes }),
  fact: (state, { name, key = '', value, problem = null }) => {
    const known = state.facts[name]?.key === key ? state.facts[name].value : undefined;
    return { ...state, facts: { ...state.facts, [name]: { key, value: value ?? known, problem } } };
  },
  audit: (state, { key, page, newest }) => {
    const held = state.facts.audit?.key === key ? state.facts.audit.value : undefined;
    const value = newest ? renew(held, page) : extend(held, page);
    return { ...state, facts: { ...state.facts, audit: { key, value, problem: null } } };
  },
  /** An operator's action was answered: the next frame may be two seconds away, or on its way from before it. */
  queueChanged: (state, { queue, paused, draining, ts }) => (state.stats ? {
    ...state,
    settled: { ...state.settled, [queue]: { ts, paused, draining } },
    stats: { ...state.stats, queues: state.stats.queues.map((q) => (q.queue === queue ? { ...q, paused, draining } : q)) },
  } : state),
  ui: (state, { set }) => ({ ...state, ui: { ...state.ui, ...set } }),
  // What is closed late must not take another question with it.
  question: (state, { question, only }) => (only && state.question !== only ? state : { ...state, question }),
  toast: (state, { toast }) => ({ ...state, toasts: [...state.toasts.slice(-2), toast] }),
  toastGone: (state, { id }) => ({ ...state, toasts: state.toasts.filter((t) => t.id !== id) }),
  // A dialog that closes late must not take another one with it.
  dialog: (state, { dialog, only }) => (only && state.dialog !== only ? state : { ...state, dialog }),
};

/**
 * @param {State} state
 * @param {{type: keyof typeof STEPS, [detail: string]: any}} action
 * @returns {State}
 */
export function reduce(state, action) {
  const step = /** @type {(state: State, action: any) => State} */ (STEPS[action.type]);
  return step(state, action);
}

/**
 * @param {State} state
 * @returns {{state: () => State, dispatch: (action: any) => void, subscribe: (f: () => void) => void}}
 */
export function createStore(state) {
  const listeners = new Set();
  return {
    state: () => state,
    dispatch(action) {
      const next = reduce(state, action);
      if (next === state) return;
      state = next;
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => listeners.add(listener),
  };
}

/** The server's clock, as well as the browser knows it. @param {State} state */
export function serverNow(state) {
  return state.now + state.skew;
}

/** Whether two routes show the same short list. @param {import('./records.js').Route} a @param {import('./records.js').Route} b */
export function sameList(a, b) {
  return a.view === b.view;
}

/** Whether two routes ask for the same search. @param {import('./records.js').Route} a @param {import('./records.js').Route} b */
export function sameSearch(a, b) {
  return a.view === b.view && a.search.q === b.search.q && a.search.from === b.search.from && a.search.to === b.search.to;
}

function select(state, selection) {
  return { ...state, selection, found: search.hold(state.found, isHeld(state.holds, selection)) };
}

function asSettled(queue, ts, settled) {
  if (!settled || !ts || Date.parse(ts) > Date.parse(settled.ts)) return queue;
  return { ...queue, paused: settled.paused, draining: settled.draining };
}

/** A task that has ended need not be asked about any more: the question is not shown, and takes no Escape. */
function withoutAnswered(state, tasks) {
  const over = tasks.filter((task) => state.cancels[task.task_id] === 'asking' && isTerminal(task));
  return over.reduce((before, { task_id: id }) => STEPS.cancel(before, { id, step: null }), state);
}

function isHeld(holds, selection) {
  return Object.values(holds).some(Boolean) || !isEmpty(selection);
}

/** A task from the list, shown in the panel until the whole record arrives. */
function known(state, id) {
  const record = state.found.byId.get(id) ?? state.list.items.find((task) => task.task_id === id) ?? null;
  return { record, problem: null };
}
