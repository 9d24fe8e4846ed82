/* What a reader can do: submit, cancel, copy, choose an API key. Each calls the API and tells the
   store how it went. */

import { ApiProblem, cancelTask, submitTask } from './api.js';

const TOAST_MS = 8_000;
let nextToast = 1;

/** @typedef {ReturnType<typeof import('./store.js').createStore>} Store */
/** @typedef {ReturnType<typeof createActions>} Actions */

/**
 * @param {Store} store
 * @param {() => void} refresh read the list again soon
 * @param {() => void} reconnect start everything anew
 */
export function createActions(store, refresh, reconnect) {
  const { dispatch } = store;

  /** @param {'good'|'bad'} tone @param {string} text @param {string} [taskId] */
  function toast(tone, text, taskId) {
    const id = nextToast++;
    dispatch({ type: 'toast', toast: { id, tone, text, taskId } });
    setTimeout(() => dispatch({ type: 'toastGone', id }), TOAST_MS);
  }

  return {
    dispatch,
    toast,

    /**
     * Submit and show the new task at once.
     * @param {string} body JSON text of the submission
     * @param {string} payload JSON text of its payload
     * @returns {Promise<ApiProblem|null>} a 422, for the form to show
     */
    async submit(body, payload) {
      try {
        const answer = await submitTask(body);
        const { task_type } = JSON.parse(body);
        const task = newborn(answer, task_type, payload, store.state());
        if (fits(task, store.state().route)) dispatch({ type: 'taskAdded', task });
        toast('good', `${task_type} is on the ${answer.priority} queue.`, answer.task_id);
        refresh();
        return null;
      } catch (error) {
        if (error instanceof ApiProblem && error.status === 422) return error;
        toast('bad', `Not sent. ${explain(error).text}`);
        return null;
      }
    },

    /** @param {string} id */
    askCancel: (id) => dispatch({ type: 'cancel', id, step: 'asking' }),
    /** @param {string} id */
    keep: (id) => dispatch({ type: 'cancel', id, step: null }),

    /** @param {string} id */
    async cancel(id) {
      dispatch({ type: 'cancel', id, step: 'busy' });
      try {
        await cancelTask(id);
        toast('good', 'Cancelled.', id);
      } catch (error) {
        toast('bad', explain(error).text, id);
      }
      dispatch({ type: 'cancel', id, step: null });
      refresh();
    },

    /** @param {string} text @param {string} what */
    async copy(text, what) {
      toast(...((await toClipboard(text))
        ? /** @type {const} */ (['good', `Copied ${what}.`])
        : /** @type {const} */ (['bad', 'This browser did not allow copying.'])));
    },

    /** @param {string} key @returns {boolean} false when a cookie cannot hold it */
    useKey(key) {
      if (!/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/.test(key)) return false;
      document.cookie = `duckline_key=${key}; SameSite=Strict; path=/`;
      dispatch({ type: 'dialog', dialog: null });
      reconnect();
      return true;
    },
  };
}

/**
 * What went wrong, for people.
 * @param {any} error
 * @returns {import('./store.js').Problem}
 */
export function explain(error) {
  if (error instanceof ApiProblem) {
    return { code: error.code, text: error.message, requestId: error.requestId };
  }
  if (error?.code === 'unreachable') return { code: 'unreachable', text: error.message };
  throw error;
}

function newborn(answer, taskType, payload, state) {
  return {
    task_id: answer.task_id, status: answer.status, task_type: taskType, queue: answer.priority,
    payload, result: 'null', error: null, traceback: null, attempt: 0, max_attempts: 0,
    progress: null, submitted_at: new Date(state.now + state.skew).toISOString(),
    started_at: null, finished_at: null, next_retry_at: null, scheduled_for: null, worker: null,
  };
}

function fits(task, { view, filter }) {
  if (view !== 'tasks') return true;
  return (!filter.state || filter.state === task.status) && (!filter.queue || filter.queue === task.queue);
}

async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return oldClipboard(text);
  }
}

/** Over plain HTTP there is no navigator.clipboard. */
function oldClipboard(text) {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'off-screen';
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  return copied;
}
