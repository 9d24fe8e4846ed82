/* What a reader does to one task: submit, cancel, retry, choose it. Each calls the API and tells the
   store how it went. */

import { explain } from '../api/problem.js';
import { ApiProblem, cancelTask, retryTask, submitTask } from '../api/tasks.js';
import { extend, toggle } from '../state/selection.js';
import * as texts from '../texts/task.js';
import * as tasks from '../texts/tasks.js';

/**
 * @param {import('../state/store.js').Store} store
 * @param {import('../state/actions.js').Toast} toast
 * @param {() => void} refresh read the list again soon
 */
export function createTaskActions(store, toast, refresh) {
  const { dispatch, state } = store;
  return {
    search: () => state().route.search,

    /** @param {string} id @param {boolean} range */
    choose(id, range) {
      const { selection, found } = state();
      dispatch({ type: 'select', selection: range ? extend(selection, id, found.rows) : toggle(selection, id) });
    },

    submit: createSubmit(store, toast, refresh),
    ...createCancel(store, toast, refresh),

    /** @param {string} id */
    async retry(id) {
      try {
        const answer = await retryTask(id);
        toast('good', tasks.RETRIED_AS_NEW, { taskId: answer.task_id });
      } catch (error) {
        toast('bad', explain(error).text, { taskId: id });
      }
      refresh();
    },
  };
}

function createCancel({ dispatch }, toast, refresh) {
  const step = (id, now) => dispatch({ type: 'cancel', id, step: now });
  return {
    /** @param {string} id */
    askCancel: (id) => step(id, 'asking'),
    /** @param {string} id */
    keep: (id) => step(id, null),

    /** @param {string} id */
    async cancel(id) {
      step(id, 'busy');
      try {
        await cancelTask(id);
        toast('good', texts.CANCELLED, { taskId: id });
      } catch (error) {
        toast('bad', explain(error).text, { taskId: id });
      }
      step(id, null);
      refresh();
    },
  };
}

/** Submit, and show the new task at once. */
function createSubmit({ dispatch, state }, toast, refresh) {
  /**
   * @param {string} body JSON text of the submission
   * @param {string} payload JSON text of its payload
   * @param {(taskId: string) => void} [onSent]
   * @returns {Promise<ApiProblem|null>} a 422, for the form to show
   */
  return async (body, payload, onSent = () => {}) => {
    try {
      const answer = await submitTask(body);
      const { task_type } = JSON.parse(body);
      const task = newborn(answer, task_type, payload, state());
      dispatch({ type: 'taskAdded', task, fits: isUnfiltered(state().route) });
      toast('good', texts.sent(task_type, answer.priority), { taskId: answer.task_id });
      refresh();
      onSent(answer.task_id);
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 422) return error;
      toast('bad', texts.notSent(explain(error).text));
    }
    return null;
  };
}

function newborn(answer, taskType, payload, state) {
  return {
    task_id: answer.task_id, status: answer.status, task_type: taskType, queue: answer.priority,
    payload, result: 'null', error: null, traceback: null, attempt: 0, max_attempts: 0,
    progress: null, submitted_at: new Date(state.now + state.skew).toISOString(),
    started_at: null, finished_at: null, next_retry_at: null, scheduled_for: null, worker: null,
  };
}

/** Whether the list has no filter: only then is the number of its tasks known. */
function isUnfiltered({ search: { q, from, to } }) {
  return !q && !from && !to;
}
