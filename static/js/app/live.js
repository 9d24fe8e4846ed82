/* Keeps the store up to date. HTTP is the truth and the socket an optimisation: a frame that differs
   from the last one makes the list be read again, a missed one makes everything be read again, a lost
   socket makes the statistics be asked for, and its return starts from a fresh snapshot. */

import { explain } from '../api/problem.js';
import { openSocket } from '../api/socket.js';
import { socketAddress } from '../api/session.js';
import { ApiProblem, getStats } from '../api/tasks.js';
import { oneAtATime } from '../lib/one_at_a_time.js';
import { rowsInSight } from '../lib/windowing.js';
import { takeQueueNames } from '../state/queue_names.js';
import { isTerminal } from '../state/task_state.js';
import { createFinder } from '../tasks/finder.js';
import { createLatestReader, createTaskReader } from '../tasks/reading.js';

const CLOCK_MS = 1_000;
const POLL_MS = 2_000;

/**
 * Start the clock, the socket and the refreshes.
 * @param {import('../state/store.js').Store} store
 * @param {(view: string, restarted?: boolean) => void} [refreshView] reads what else the open view shows
 * @returns {{refresh: () => void, reread: () => void, more: () => void, retryNow: () => void}} `reread` also
 *   what has ended
 */
export function goLive(store, refreshView = () => {}) {
  const { dispatch, state } = store;
  const readers = { latest: createLatestReader(store), task: createTaskReader(store), finder: createFinder(store, rowsInSight) };

  function refresh() {
    readers.latest();
    readers.finder.refresh();
    readers.task.read();
    refreshView(state().route.view);
  }
  /** Read again after an action, or when frames may have been missed. */
  function reread() {
    readers.task.doubt();
    refresh();
  }
  function rereadAll(restarted) {
    readers.finder.rereadAll();
    reread();
    if (restarted) refreshView(state().route.view, true);
  }

  const readStats = createStatsReader(store, () => socket.retryNow());
  const socket = openSocket(socketAddress, listener(store, { refresh, reread, rereadAll, readStats }));
  setInterval(() => dispatch({ type: 'clock', now: Date.now() }), CLOCK_MS);
  setInterval(() => document.hidden || poll(state(), readers, readStats, refreshView), POLL_MS);

  return {
    refresh,
    reread,
    more: readers.finder.more,
    retryNow() {
      socket.retryNow();
      readStats();
      reread();
    },
  };
}

/**
 * @param {import('../state/store.js').Store} store
 * @param {() => void} onReturn the server has just come back: the socket need not sit out its longest wait
 */
function createStatsReader({ dispatch, state }, onReturn) {
  return oneAtATime(async () => {
    try {
      const frame = await getStats();
      takeQueueNames(frame);
      const back = state().problem?.code === 'unreachable';
      dispatch({ type: 'frame', frame, at: Date.now() });
      if (back) onReturn();
    } catch (error) {
      dispatch({ type: 'problem', problem: explain(error) });
    }
  });
}

/** @param {import('../state/store.js').Store} store */
function listener({ dispatch, state }, { refresh, reread, rereadAll, readStats }) {
  /** @type {{epoch: string, seq: number}|null} the frame before: behind a gap, or another process, nothing known is sure */
  let place = null;
  return {
    onFrame(frame) {
      if (place && (frame.epoch !== place.epoch || frame.seq !== place.seq + 1)) rereadAll(frame.epoch !== place.epoch);
      place = frame;
      if (frame.error) {
        dispatch({ type: 'problem', problem: explain(new ApiProblem(frame.error.status, frame.error)) });
        return;
      }
      takeQueueNames(frame);
      const changed = signature(frame) !== signature(state().stats);
      dispatch({ type: 'frame', frame, at: Date.now() });
      if (changed) refresh();
    },
    onState(now) {
      const was = state().socket;
      dispatch({ type: 'socket', socket: now, at: Date.now() });
      if (now === 'open') reread();
      if (now === 'closed' && was !== 'closed') readStats();
    },
  };
}

/** What no frame tells, or none comes for: what runs or could not be read is read again, and without a
   socket everything. */
function poll({ list, listProblem, found, foundProblem, route, socket }, readers, readStats, refreshView) {
  const alone = socket !== 'open';
  if (alone) readStats();
  if (alone || listProblem || !list.loaded || list.items.some((item) => !isTerminal(item))) readers.latest();
  if (alone || foundProblem || !found.loaded || moving(found, rowsInSight())) readers.finder.refresh();
  readers.task.read();
  refreshView(route.view);
}

function moving(found, ids) {
  return ids.some((id) => {
    const task = found.byId.get(id);
    return task && !isTerminal(task);
  });
}

function signature(frame) {
  // Ages grow by themselves; only what a task did counts as a change.
  return frame && JSON.stringify(frame, (key, value) =>
    (key === 'ts' || key === 'seq' || key === 'oldest_waiting_s' ? undefined : value));
}
