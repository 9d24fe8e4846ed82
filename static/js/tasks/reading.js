/* Reads the latest tasks, and the one that is open with the reasons why it does not run. */

import { explain } from '../api/problem.js';
import { explainTask, findTasks, getTask } from '../api/tasks.js';
import { oneAtATime } from '../lib/one_at_a_time.js';
import { withoutDeliveries } from '../state/search_text.js';
import { LIST_VIEWS } from '../state/page_state.js';
import { isTerminal, isWaiting } from '../state/task_state.js';

const LATEST = 12;

/** @param {import('../state/store.js').Store} store */
export function createLatestReader({ dispatch, state }) {
  return oneAtATime(async () => {
    if (!LIST_VIEWS.has(state().route.view)) return;
    try {
      const { tasks } = await findTasks({ limit: LATEST, q: withoutDeliveries('') });
      dispatch({ type: 'tasks', tasks });
    } catch (error) {
      dispatch({ type: 'tasksProblem', problem: explain(error) });
    }
  });
}

/**
 * @param {import('../state/store.js').Store} store
 * @returns {{read: () => void, doubt: () => void}} `read` leaves alone what has ended and is known; `doubt`:
 *   something may have been done to it that no later state of it tells
 */
export function createTaskReader({ dispatch, state }) {
  let doubted = false;
  const isOpen = (id) => state().route.taskId === id;

  /** What has ended changes no more: it is read once, however large it is, unless that has failed. */
  function isRead() {
    const { task: { record, problem }, route } = state();
    return !doubted && !problem && record?.log && record.task_id === route.taskId && isTerminal(record);
  }

  const read = oneAtATime(async () => {
    const id = state().route.taskId;
    if (!id) return;
    doubted = false;
    try {
      const record = await getTask(id);
      // The reader may have opened another task while the answer was under way.
      if (isOpen(id)) dispatch({ type: 'task', record });
    } catch (error) {
      const problem = explain(error);
      if (isOpen(id)) dispatch({ type: 'task', problem });
    }
    await readWhy(id);
  }, () => state().route.taskId ?? '');

  async function readWhy(id) {
    const { record } = state().task;
    if (!record || record.task_id !== id || !isWaiting(record)) return;
    try {
      const value = await explainTask(id);
      if (isOpen(id)) dispatch({ type: 'why', id, value });
    } catch (error) {
      dispatch({ type: 'why', id, problem: explain(error) });
    }
  }

  return {
    read: () => {
      if (!isRead()) read();
    },
    doubt: () => { doubted = true; },
  };
}
