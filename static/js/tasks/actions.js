/* What a reader does to one task: submit, cancel, retry, choose it. Each calls the API and tells the
   store how it went. */

import { explain } from '../api/problem.js';
import { ApiProblem, cancelTask, changeTask, retryTask } from '../api/tasks.js';
import { extend, toggle } from '../state/selection.js';
import { createSubmit } from './submitting.js';
import * as submit from '../texts/submit.js';
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

    ...createSubmit(store, toast, refresh),
    ...createCancel(store, toast, refresh),
    change: createChange(store, toast, refresh),

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

/** Change a task that waits, and show it as it now is. */
function createChange({ dispatch, state }, toast, refresh) {
  /**
   * @param {string} id
   * @param {string} body JSON text of what changes
   * @returns {Promise<import('../state/actions.js').Fault[]>} what the form has to say; empty: it is done
   */
  return async (id, body) => {
    try {
      const record = await changeTask(id, body);
      if (state().route.taskId === id) dispatch({ type: 'task', record });
      toast('good', submit.CHANGED, { taskId: id });
      return [];
    } catch (error) {
      if (error instanceof ApiProblem && error.errors.length) return error.errors;
      return [{ pointer: '', message: whyNotChanged(explain(error)) }];
    } finally {
      refresh();
    }
  };
}

function whyNotChanged({ code, text }) {
  if (code === 'task_running') return submit.HAS_STARTED;
  if (code === 'task_finished') return submit.HAS_ENDED;
  if (code === 'changed_meanwhile') return submit.CHANGED_BEFORE;
  return code === 'unreachable' ? submit.MAYBE_CHANGED : submit.notChanged(text);
}
