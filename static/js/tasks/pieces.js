/* What is done to many tasks at once is done in pieces, with progress, until it is done or stopped. */

import { explain } from '../api/problem.js';
import { ANOTHER_RUNS } from '../texts/tasks.js';

/** Tasks in a piece. */
export const PIECE = 200;
/** An empty search is refused, so that no one selects every task by mistake. */
const EVERY_TASK = 'age:>0s';

/**
 * @typedef {{task_ids?: string[], q?: string, submitted_after?: string, submitted_before?: string, cursor?: string}} Piece
 * @typedef {{body: () => Piece, goOn: (answer: {next_cursor: string|null}) => boolean}} Pieces `goOn` says
 *   whether more is left
 * @typedef {{verb: string, done: number, skipped: number, total: number|null, stopped: boolean,
 *   problem: import('../state/records.js').Problem|null}} Sum
 */

/**
 * @param {import('../state/store.js').Store} store
 * @param {import('../state/actions.js').Toast} toast
 * @returns {(verb: string, total: number|null, piece: () => Promise<{done: number, skipped?: number, left: boolean}>)
 *   => Promise<Sum|null>} runs `piece` until nothing is left; null when something else runs already
 */
export function createRunner({ dispatch, state }, toast) {
  const tell = (operation) => dispatch({ type: 'operation', operation });
  const isStopping = () => state().operation?.stopping ?? false;
  return async (verb, total, piece) => {
    if (state().operation) {
      toast('bad', ANOTHER_RUNS);
      return null;
    }
    const sum = { verb, done: 0, skipped: 0, total };
    tell({ ...sum, stopping: false });
    /** @type {import('../state/records.js').Problem|null} */
    let problem = null;
    try {
      for (let left = true; left && !isStopping();) {
        const made = await piece();
        left = made.left;
        sum.done += made.done;
        sum.skipped += made.skipped ?? 0;
        tell({ ...sum, stopping: isStopping() });
      }
    } catch (error) {
      problem = explain(error);
    }
    const stopped = isStopping();
    tell(null);
    return { ...sum, problem, stopped };
  };
}

/** @param {string[]} ids @returns {Pieces} */
export function piecesOf(ids) {
  let at = 0;
  return {
    body: () => ({ task_ids: ids.slice(at, at + PIECE) }),
    goOn: () => (at += PIECE) < ids.length,
  };
}

/** @param {import('../state/records.js').Search} search @returns {Pieces} */
export function piecesOfSearch({ q, from, to }) {
  /** @type {string|null} */
  let cursor = null;
  const range = { ...(from ? { submitted_after: from } : {}), ...(to ? { submitted_before: to } : {}) };
  return {
    body: () => ({ q: q.trim() || EVERY_TASK, ...range, ...(cursor ? { cursor } : {}) }),
    goOn(answer) {
      cursor = answer.next_cursor;
      return cursor !== null;
    },
  };
}
