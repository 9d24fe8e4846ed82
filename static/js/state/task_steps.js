/* What changes with the short list of tasks and with the one that is open. Pure. */

import { hold, insert, receive, release } from './latest_tasks.js';
import * as search from './search_results.js';
import { isTerminal } from './task_state.js';

export const TASK_STEPS = {
  tasks: (state, { tasks }) => withoutAnswered({ ...state, list: receive(state.list, tasks), listProblem: null }, tasks),
  tasksProblem: (state, { problem }) => ({ ...state, listProblem: problem }),
  taskAdded: (state, { task, fits }) => ({
    ...state, list: insert(state.list, task), found: fits ? search.insert(state.found, task) : state.found,
  }),
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
  why: (state, { id, value = null, problem = null }) => ({ ...state,
    why: { id, value: value ?? (state.why?.id === id ? state.why?.value : null), problem } }),
};

/** A task that has ended need not be asked about any more: the question is not shown, and takes no Escape. */
export function withoutAnswered(state, tasks) {
  const over = tasks.filter((task) => state.cancels[task.task_id] === 'asking' && isTerminal(task));
  return over.reduce((before, { task_id: id }) => TASK_STEPS.cancel(before, { id, step: null }), state);
}
