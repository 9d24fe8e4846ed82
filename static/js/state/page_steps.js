/* What changes with the page: its address, what it has read beside the tasks, and what it asks and says. Pure. */

import { extend, renew } from './audit_entries.js';
import { hold } from './latest_tasks.js';
import { listedTask, sameSearch } from './page_state.js';
import { nothingFound } from './search_results.js';
import { NOTHING_CHOSEN } from './selection.js';

export const PAGE_STEPS = {
  route: (before, { route }) => {
    const state = route.view === before.route.view ? before : withoutView(before);
    const same = route.taskId === state.route.taskId;
    const next = { ...state, route, ui: { ...state.ui, menu: false, saved: null },
      task: same ? state.task : { record: listedTask(state, route.taskId), problem: null }, why: same ? state.why : null };
    return sameSearch(route, state.route) ? next : withSearch(next);
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
  ui: (state, { set }) => ({ ...state, ui: { ...state.ui, ...set } }),
  // What is closed late must not take another question with it.
  question: (state, { question, only }) => (only && state.question !== only ? state : { ...state, question }),
  toast: (state, { toast }) => ({ ...state, toasts: [...state.toasts.slice(-2), toast] }),
  toastGone: (state, { id }) => ({ ...state, toasts: state.toasts.filter((t) => t.id !== id) }),
  // A dialog that closes late must not take another one with it.
  dialog: (state, { dialog, only }) => (only && state.dialog !== only ? state : { ...state, dialog }),
};

/** What stays of a page that is left: what it lists, but nothing that its pointer, its focus or a question holds. */
function withoutView(state) {
  const busy = Object.entries(state.cancels).filter(([, step]) => step === 'busy');
  return { ...state, question: null, list: state.list.held ? hold(state.list, false) : state.list, cancels: Object.fromEntries(busy),
    ui: { ...state.ui, chartAt: null, heldLog: null } };
}

/** Another search begins with nothing, the one that comes back with what it had found. */
function withSearch(state) {
  const { view, search } = state.route;
  const searched = view === 'tasks' ? search : state.searched;
  const isSame = ['q', 'from', 'to'].every((name) => searched[name] === state.searched[name]);
  return { ...state, searched, found: isSame ? { ...state.found, held: false } : nothingFound(), foundProblem: null, reading: false,
    holds: {}, selection: NOTHING_CHOSEN, wish: null, dialog: state.dialog === 'confirm' ? null : state.dialog };
}
