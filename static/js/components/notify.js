/* Shows the outcome of an action: a note in the corner, which disappears after a while. */

import { explain } from '../api/problem.js';

const TOAST_MS = 8_000;
/** What can be undone stays longer on the page; the server keeps it for ten minutes. */
const UNDO_MS = 30_000;
let nextToast = 1;

/** @typedef {import('../state/actions.js').Toast} Toast */

/** @param {import('../state/store.js').Store} store @returns {Toast} */
export function createToast({ dispatch }) {
  return (tone, text, { taskId, undo = [] } = {}) => {
    const id = nextToast++;
    const back = typeof undo === 'function' || undo.length ? undo : null;
    dispatch({ type: 'toast', toast: { id, tone, text, taskId, undo: back } });
    setTimeout(() => dispatch({ type: 'toastGone', id }), back ? UNDO_MS : TOAST_MS);
  };
}

/**
 * Make a function that runs an action: a failure is shown and changes nothing else.
 * @param {Toast} toast
 * @param {() => void} after called however it went
 * @returns {(run: () => Promise<unknown>) => Promise<void>}
 */
export function createAttempt(toast, after) {
  return async (run) => {
    try {
      await run();
    } catch (error) {
      toast('bad', explain(error).text);
    }
    after();
  };
}
