/* What is done to many tasks at once: in pieces, with progress, until it is done or stopped; and how
   it is undone. Also what is done to one task. */

import { explain } from '../api/problem.js';
import { actOnTasks, findTasks, retryTask, undo } from '../api/tasks.js';
import { writer } from './export_file.js';
import { count, plural } from '../lib/format.js';
import { beneathUrl, go } from '../lib/router.js';
import { leaveOut, NOTHING_CHOSEN } from '../state/selection.js';

const PIECE = 200;
/** Above so many tasks the reader types what is to be done. */
export const MANY = 100;

/** What each action is called before, while and after it is done. */
export const ACTIONS = {
  retry: { verb: 'Retry', doing: 'Retrying', done: 'Retried',
    does: 'Each failed, cancelled or expired one is submitted once more, as a new task.' },
  requeue: { verb: 'Run now', doing: 'Moving', done: 'Moved to their queues:',
    does: 'Each scheduled or retrying one goes to its queue now.' },
  cancel: { verb: 'Cancel', doing: 'Cancelling', done: 'Cancelled', does: 'Waiting ones never start, running ones are stopped at once.' },
  delete: { verb: 'Delete', doing: 'Deleting', done: 'Deleted',
    does: 'Each ended one is taken out of all lists. It can be undone for 10 minutes.' },
};

export const ACTION_NAMES = /** @type {import('../state/records.js').TaskAction[]} */ (Object.keys(ACTIONS));

/**
 * @param {import('../state/store.js').Store} store
 * @param {(tone: 'good'|'bad', text: string, more?: {taskId?: string, undo?: string[]}) => void} toast
 * @param {() => void} refresh
 */
export function createOperations(store, toast, refresh) {
  const { dispatch, state } = store;
  const tell = (operation) => dispatch({ type: 'operation', operation });

  /** Run `piece` until it says that nothing is left. */
  async function inPieces(verb, total, piece) {
    const before = state().operation;
    if (before) {
      toast('bad', `Not done. Wait until “${before.verb}…” is through, or stop it.`);
      return null;
    }
    const sum = { verb, done: 0, skipped: 0, total, stopping: false };
    tell(sum);
    /** @type {import('../state/records.js').Problem|null} */
    let problem = null;
    try {
      for (let left = true; left && !state().operation?.stopping;) {
        const made = await piece();
        left = made.left;
        sum.done += made.done;
        sum.skipped += made.skipped ?? 0;
        tell({ ...sum, stopping: state().operation?.stopping ?? false });
      }
    } catch (error) {
      problem = explain(error);
    }
    const stopped = state().operation?.stopping ?? false;
    tell(null);
    return { ...sum, problem, stopped };
  }

  /** @param {import('../state/records.js').Wish} wish */
  async function act({ action, ids, search, count: total, reason }) {
    const next = ids ? piecesOf(ids) : piecesOfSearch(search ?? { q: '', from: '', to: '' });
    /** @type {Set<string>} */
    const undos = new Set();
    /** @type {Set<string>} those of `ids` that the server has answered for */
    const sent = new Set();
    /** @type {string|undefined} */
    let operation_id;
    const sum = await inPieces(ACTIONS[action].doing, total, async () => {
      const piece = next.body();
      const answer = await actOnTasks({ action, ...piece, ...(operation_id ? { operation_id } : {}), ...(reason ? { reason } : {}) });
      operation_id = answer.operation_id;
      for (const id of piece.task_ids ?? []) sent.add(id);
      if (answer.undo_id) undos.add(answer.undo_id);
      return { done: answer.done, skipped: answer.skipped, left: next.goOn(answer) };
    });
    if (!sum) return;
    const deleting = action === 'delete';
    // Which of them were skipped is not told: the list is read again instead.
    if (deleting && ids && !sum.skipped) dispatch({ type: 'deleted', ids: sent });
    else dispatch({ type: 'select', selection: ids ? leaveOut(state().selection, sent) : NOTHING_CHOSEN });
    dispatch({ type: 'acted', everything: ids === null || (deleting && sum.skipped > 0) });
    // What is deleted answers 404: its panel is closed before it is read again.
    if (deleting && sent.has(state().route.taskId ?? '')) go(beneathUrl(state().route.view));
    toast(sum.problem ? 'bad' : 'good', outcome(ACTIONS[action].done, sum), { undo: [...undos] });
    refresh();
  }

  return {
    /** Ask before many are touched. @param {import('../state/records.js').Wish} wish */
    wish: (wish) => dispatch({ type: 'wish', wish }),
    act,
    stop: () => state().operation && tell({ ...state().operation, stopping: true }),

    /** @param {string} id */
    async retry(id) {
      try {
        const answer = await retryTask(id);
        toast('good', 'Queued once more, as a new task.', { taskId: answer.task_id });
      } catch (error) {
        toast('bad', explain(error).text, { taskId: id });
      }
      refresh();
    },

    /** Delete one task: what can be undone is not asked about. @param {string} id */
    remove: (id) => act({ action: 'delete', ids: [id], search: null, count: 1 }),

    /** @param {string[]} ids newest last */
    async undo(ids) {
      try {
        let restored = 0;
        for (const id of [...ids].reverse()) {
          for (let left = 1; left > 0;) {
            const answer = await undo(id);
            restored += answer.restored;
            left = answer.restored ? answer.left : 0;
          }
        }
        toast('good', `Undone: ${plural(restored, 'task')} restored.`);
      } catch (error) {
        toast('bad', `Not undone. ${explain(error).text}`);
      }
      dispatch({ type: 'acted', everything: true });
      refresh();
    },

    /**
     * Write a file of tasks: those given, or everything that the search finds.
     * @param {'jsonl'|'csv'} format
     * @param {import('../state/records.js').Task[]|null} tasks
     * @param {import('../state/records.js').Search} search
     */
    async exportTasks(format, tasks, search) {
      const file = writer(format);
      /** @type {string|null} */
      let cursor = null;
      const sum = await inPieces('Reading', tasks ? tasks.length : null, async () => {
        if (tasks) return { done: file.add(tasks), left: false };
        const answer = await findTasks({ ...search, cursor, limit: PIECE });
        cursor = answer.next_cursor;
        return { done: file.add(answer.tasks), left: cursor !== null };
      });
      if (!sum) return;
      if (sum.done) file.save();
      toast(sum.problem ? 'bad' : 'good', outcome('Exported', sum));
    },
  };
}

/**
 * @typedef {{task_ids?: string[], q?: string, submitted_after?: string, submitted_before?: string, cursor?: string}} Piece
 * @typedef {{body: () => Piece, goOn: (answer: {next_cursor: string|null}) => boolean}} Pieces `goOn` says
 *   whether more is left
 */

/** @param {string[]} ids @returns {Pieces} */
function piecesOf(ids) {
  let at = 0;
  return {
    body: () => ({ task_ids: ids.slice(at, at + PIECE) }),
    goOn: () => (at += PIECE) < ids.length,
  };
}

/** An empty search is refused, so that nobody means every task by mistake. */
const EVERY_TASK = 'age:>0s';

/** @param {import('../state/records.js').Search} search @returns {Pieces} */
function piecesOfSearch({ q, from, to }) {
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

function outcome(done, { done: n, skipped, problem, stopped }) {
  return [
    `${done} ${plural(n, 'task')}`,
    skipped ? `; ${count(skipped)} did not qualify` : '',
    stopped ? ', then stopped' : '', problem ? `, then it failed: ${problem.text}` : '.',
  ].join('');
}
