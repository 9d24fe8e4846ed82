/* What is done to many tasks at once, and how they are written to a file. */

import { actOnTasks, findTasks } from '../api/tasks.js';
import { beneathUrl, go } from '../lib/router.js';
import { leaveOut, NOTHING_CHOSEN } from '../state/selection.js';
import * as texts from '../texts/tasks.js';
import { writer } from './export_file.js';
import { createRunner, PIECE, piecesOf, piecesOfSearch } from './pieces.js';

export const ACTION_NAMES = /** @type {import('../state/records.js').TaskAction[]} */ (Object.keys(texts.ACTIONS));

const NO_SEARCH = { q: '', from: '', to: '' };

/**
 * @param {import('../state/store.js').Store} store
 * @param {import('../state/actions.js').Toast} toast
 * @param {() => void} refresh
 */
export function createBulkActions(store, toast, refresh) {
  const { dispatch, state } = store;
  const inPieces = createRunner(store, toast);
  const act = createAct(store, inPieces, toast, refresh);
  return {
    /** @param {import('../state/records.js').Wish|null} wish */
    wish: (wish) => dispatch({ type: 'wish', wish }),
    act,
    stop: () => state().operation && dispatch({ type: 'operation', operation: { ...state().operation, stopping: true } }),
    /** @param {string} id */
    remove: (id) => act({ action: 'delete', ids: [id], search: null, count: 1 }),
    exportTasks: createExport(inPieces, toast),
  };
}

function createAct(store, inPieces, toast, refresh) {
  /** @param {import('../state/records.js').Wish} wish */
  return async ({ action, ids, search, count: total, reason }) => {
    const next = ids ? piecesOf(ids) : piecesOfSearch(search ?? NO_SEARCH);
    /** @type {Set<string>} */
    const undos = new Set();
    /** @type {Set<string>} those of `ids` that the server has answered for */
    const sent = new Set();
    /** @type {string|undefined} */
    let operation_id;
    const sum = await inPieces(texts.ACTIONS[action].doing, total, async () => {
      const piece = next.body();
      const answer = await actOnTasks({ action, ...piece, ...(operation_id && { operation_id }), ...(reason && { reason }) });
      operation_id = answer.operation_id;
      for (const id of piece.task_ids ?? []) sent.add(id);
      if (answer.undo_id) undos.add(answer.undo_id);
      return { done: answer.done, skipped: answer.skipped, left: next.goOn(answer) };
    });
    if (!sum) return;
    settle(store, { deleting: action === 'delete', ids, sent, sum });
    toast(sum.problem ? 'bad' : 'good', texts.bulkOutcome(texts.ACTIONS[action].done, sum), { undo: [...undos] });
    refresh();
  };
}

/** Take out of the page what an action has taken out of the service. */
function settle({ dispatch, state }, { deleting, ids, sent, sum }) {
  // The answer does not say which were skipped, so the list is read again.
  if (deleting && ids && !sum.skipped) dispatch({ type: 'deleted', ids: sent });
  else dispatch({ type: 'select', selection: ids ? leaveOut(state().selection, sent) : NOTHING_CHOSEN });
  dispatch({ type: 'acted', everything: ids === null || (deleting && sum.skipped > 0) });
  // What is deleted answers 404: its panel is closed before it is read again.
  if (deleting && sent.has(state().route.taskId ?? '')) go(beneathUrl(state().route));
}

function createExport(inPieces, toast) {
  /**
   * @param {'jsonl'|'csv'} format
   * @param {import('../state/records.js').Task[]|null} tasks those to write; null: everything that the search finds
   * @param {import('../state/records.js').Search} search
   */
  return async (format, tasks, search) => {
    const file = writer(format);
    /** @type {string|null} */
    let cursor = null;
    const sum = await inPieces(texts.READING, tasks ? tasks.length : null, async () => {
      if (tasks) return { done: file.add(tasks), left: false };
      const answer = await findTasks({ ...search, cursor, limit: PIECE });
      cursor = answer.next_cursor;
      return { done: file.add(answer.tasks), left: cursor !== null };
    });
    if (!sum) return;
    if (sum.done) file.save();
    toast(sum.problem ? 'bad' : 'good', texts.bulkOutcome(texts.EXPORTED, sum));
  };
}
