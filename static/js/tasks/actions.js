/* What a reader can do: submit, cancel, copy, choose an API key. Each calls the API and tells the
   store how it went. */

import { ApiProblem, cancelTask, submitTask } from '../api/tasks.js';
import { keepKey } from '../api/api_key.js';
import { createOperations } from './bulk_actions.js';
import { explain } from '../api/problem.js';
import { extend, toggle } from '../state/selection.js';

const TOAST_MS = 8_000;
/** What can be undone stays longer on the page; the server keeps it for ten minutes. */
const UNDO_MS = 30_000;
let nextToast = 1;

/** @typedef {ReturnType<typeof createActions>} Actions */

/**
 * @param {import('../state/store.js').Store} store
 * @param {() => void} refresh read the list again soon
 * @param {() => void} reconnect start everything anew
 */
export function createActions(store, refresh, reconnect) {
  const { dispatch } = store;

  /** @param {'good'|'bad'} tone @param {string} text @param {string} [taskId] @param {import('../state/records.js').Undo} [undo] */
  function toast(tone, text, taskId, undo = []) {
    const id = nextToast++;
    const back = typeof undo === 'function' || undo.length ? undo : null;
    dispatch({ type: 'toast', toast: { id, tone, text, taskId, undo: back } });
    setTimeout(() => dispatch({ type: 'toastGone', id }), back ? UNDO_MS : TOAST_MS);
  }

  return {
    ...createOperations(store, (tone, text, more = {}) => toast(tone, text, more.taskId, more.undo), refresh),
    dispatch,
    toast,
    search: () => store.state().route.search,

    /** Choose a row, or take it back; `range`: everything from the row chosen last. @param {string} id @param {boolean} range */
    choose(id, range) {
      const { selection, found } = store.state();
      dispatch({ type: 'select', selection: range ? extend(selection, id, found.rows) : toggle(selection, id) });
    },

    /**
     * Submit and show the new task at once.
     * @param {string} body JSON text of the submission
     * @param {string} payload JSON text of its payload
     * @param {(taskId: string) => void} [onSent]
     * @returns {Promise<ApiProblem|null>} a 422, for the form to show
     */
    async submit(body, payload, onSent = () => {}) {
      try {
        const answer = await submitTask(body);
        const { task_type } = JSON.parse(body);
        const task = newborn(answer, task_type, payload, store.state());
        dispatch({ type: 'taskAdded', task, fits: isUnfiltered(store.state().route) });
        toast('good', `${task_type} is on the ${answer.priority} queue.`, answer.task_id);
        refresh();
        onSent(answer.task_id);
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
      if (await toClipboard(text)) toast('good', `Copied ${what}.`);
      else toast('bad', 'This browser did not allow copying.');
    },

    /** @param {string} key @returns {boolean} false when no header can carry it */
    useKey(key) {
      if (!keepKey(key)) return false;
      dispatch({ type: 'dialog', dialog: null });
      reconnect();
      return true;
    },
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

/** What a search would find cannot be told here; without one, everything. */
function isUnfiltered({ search: { q, from, to } }) {
  return !q && !from && !to;
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
