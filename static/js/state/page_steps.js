/* What changes with the page: its address, what it has read beside the tasks, and what it asks and says. Pure. */

import { extend, renew } from './audit_entries.js';
import { EMPTY_LIST } from './latest_tasks.js';
import { sameList, sameSearch } from './page_state.js';
import { nothingFound } from './search_results.js';
import { NOTHING_CHOSEN } from './selection.js';

export const PAGE_STEPS = {
  route: (state, { route }) => {
    const list = sameList(route, state.route) ? state.list : EMPTY_LIST;
    const task = route.taskId === state.route.taskId ? state.task : known(state, route.taskId);
    const next = { ...state, route, list, task, ui: { ...state.ui, menu: false, saved: null },
      why: route.taskId === state.route.taskId ? state.why : null,
      question: route.view === state.route.view ? state.question : null };
    return sameSearch(route, state.route)
      ? next : { ...next, found: nothingFound(), foundProblem: null, holds: {}, selection: NOTHING_CHOSEN };
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

/** A task from the list, shown in the panel until the whole record arrives. */
function known(state, id) {
  const record = state.found.byId.get(id) ?? state.list.items.find((task) => task.task_id === id) ?? null;
  return { record, problem: null };
}
