/* Submits a task, and shows the new one at once. A lost answer leaves open whether it is stored: the
   same request goes out again with the same key, so that it is stored once. */

import { explain } from '../api/problem.js';
import { ApiProblem, checkSubmit, submitTask } from '../api/tasks.js';
import { look } from '../state/task_state.js';
import { newKey } from './submit_keys.js';
import * as texts from '../texts/submit.js';
import * as task from '../texts/task.js';

const WAITS_MS = [1_000, 2_000, 4_000];
/** What a proxy answers when it has lost the server. */
const NO_ANSWER = new Set(['unreachable', 'unreadable', 'http_502', 'http_504']);

/**
 * @param {import('../state/store.js').Store} store
 * @param {import('../state/actions.js').Toast} toast
 * @param {() => void} refresh read the list again soon
 */
export function createSubmit(store, toast, refresh) {
  const { dispatch, state } = store;
  /** The key whose answer was shown last: the second one of a double click is the same. */
  let shown = '';

  function show(answer, key, body, payload) {
    if (key === shown) return;
    shown = key;
    const { task_type: type } = JSON.parse(body);
    if (answer.duplicate_of) {
      toast('good', texts.duplicateToast(type, look(answer.status).label.toLowerCase()), { taskId: answer.duplicate_of });
    } else {
      dispatch({ type: 'taskAdded', task: newborn(answer, type, payload, state()), fits: isUnfiltered(state().searched) });
      toast('good', task.sent(type, answer.priority), { taskId: answer.task_id });
    }
    refresh();
  }

  return {
    /** @type {import('../state/actions.js').Submit} */
    async submit(body, payload, { key = newKey(), onLost } = {}) {
      for (let turn = 0; ; turn += 1) {
        try {
          const answer = await submitTask(body, key);
          show(answer, key, body, payload);
          return { answer, refusal: null, lost: false };
        } catch (error) {
          if (!isLost(error)) return refused(error, toast);
          if (turn === WAITS_MS.length) {
            toast('bad', texts.LOST_TOAST);
            return { answer: null, refusal: null, lost: true };
          }
          onLost?.();
          await new Promise((done) => { setTimeout(done, WAITS_MS[turn]); });
        }
      }
    },

    /** @type {import('../state/actions.js').Check} */
    async check(body) {
      try {
        return { forecast: await checkSubmit(body), refusal: null };
      } catch (error) {
        if (error instanceof ApiProblem && error.status === 422) return { forecast: null, refusal: error };
        toast('bad', texts.notChecked(explain(error).text));
        return { forecast: null, refusal: null };
      }
    },
  };
}

const isLost = (error) => NO_ANSWER.has(error?.code);

/** A 422 is for the form to show. Behind a 503 the task may be stored as well: Redis has not answered. */
function refused(error, toast) {
  if (error instanceof ApiProblem && error.status === 422) return { answer: null, refusal: error, lost: false };
  const lost = error instanceof ApiProblem && error.status >= 500 && error.code !== 'queue_draining';
  const { text } = explain(error);
  toast('bad', lost ? texts.notConfirmed(text) : task.notSent(text));
  return { answer: null, refusal: null, lost };
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
function isUnfiltered({ q, from, to }) {
  return !q && !from && !to;
}
