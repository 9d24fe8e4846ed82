/* Keeps the store up to date. HTTP is the truth and the socket an optimisation: a frame that differs
   from the last one makes the list be read again, a missed one makes everything be read anew, a lost
   socket makes the statistics be asked for, and its return starts from a fresh snapshot. */

import { explain } from '../api/problem.js';
import { ApiProblem, explainTask, findTasks, getStats, getTask, socketAddress } from '../api/tasks.js';
import { createFinder } from '../tasks/finder.js';
import { oneAtATime } from '../lib/one_at_a_time.js';
import { openSocket } from '../api/socket.js';
import { sameList } from '../state/store.js';
import { isTerminal } from '../state/task_state.js';
import { rowsInSight } from '../lib/windowing.js';

const CLOCK_MS = 1_000;
const POLL_MS = 2_000;
const LIST_VIEWS = new Set(['overview', 'submit']);
const LATEST = 12;
/** States in which it is worth asking why a task does not run. */
const WAITS = new Set(['PENDING', 'RETRY', 'SCHEDULED']);

/**
 * Start the clock, the socket and the refreshes.
 * @param {import('../state/store.js').Store} store
 * @param {(view: string, restarted?: boolean) => void} [refreshView] reads what else the open view shows
 * @returns {{refresh: () => void, reread: () => void, more: () => void, retryNow: () => void}} `reread` also
 *   what has ended
 */
export function goLive(store, refreshView = () => {}) {
  const { dispatch, state } = store;
  const readList = oneAtATime(async () => {
    const asked = state().route;
    if (!LIST_VIEWS.has(asked.view)) return;
    await attempt(async () => {
      const { tasks } = await findTasks({ limit: LATEST });
      // The reader may have moved on while the answer was under way.
      if (sameList(asked, state().route)) dispatch({ type: 'tasks', tasks });
    }, 'tasksProblem', dispatch);
  });
  /** Something may have been done to the open task that no later state of it tells. */
  let doubted = false;
  /** What has ended changes no more: it is read once, however large it is. */
  const isRead = ({ task: { record }, route }) => !doubted && record?.log && record.task_id === route.taskId && isTerminal(record);
  const finder = createFinder(store, rowsInSight);
  const readTask = oneAtATime(async () => {
    const id = state().route.taskId;
    if (!id) return;
    doubted = false;
    // The reader may have opened another task while the answer was under way.
    await attempt(() => getTask(id).then((record) => state().route.taskId === id && dispatch({ type: 'task', record })),
      'task', (told) => state().route.taskId === id && dispatch(told));
    await readWhy(id);
  });
  async function readWhy(id) {
    const { record } = state().task;
    if (!record || record.task_id !== id || !WAITS.has(record.status)) return;
    try {
      const value = await explainTask(id);
      if (state().route.taskId === id) dispatch({ type: 'why', id, value });
    } catch (error) {
      dispatch({ type: 'why', id, problem: explain(error) });
    }
  }
  const readStats = oneAtATime(() =>
    attempt(async () => {
      const frame = await getStats();
      const back = state().problem?.code === 'unreachable';
      dispatch({ type: 'frame', frame, at: Date.now() });
      // The server has just returned: the socket need not sit out its longest wait.
      if (back) socket.retryNow();
    }, 'problem', dispatch));

  function refresh() {
    readList();
    finder.refresh();
    if (!isRead(state())) readTask();
    refreshView(state().route.view);
  }
  /** Somebody has done something, or it is not known what was missed. */
  function reread() {
    doubted = true;
    refresh();
  }

  /** @type {{epoch: string, seq: number}|null} the frame before: behind a gap, or another process, nothing known is sure */
  let place = null;
  function anew(restarted) {
    finder.anew();
    reread();
    if (restarted) refreshView(state().route.view, true);
  }

  const socket = openSocket(socketAddress, {
    onFrame(frame) {
      if (place && (frame.epoch !== place.epoch || frame.seq !== place.seq + 1)) anew(frame.epoch !== place.epoch);
      place = frame;
      if (frame.error) {
        dispatch({ type: 'problem', problem: explain(new ApiProblem(frame.error.status, frame.error)) });
        return;
      }
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
  });

  setInterval(() => dispatch({ type: 'clock', now: Date.now() }), CLOCK_MS);
  setInterval(() => {
    if (document.hidden) return;
    const { list, found, route, socket: link } = state();
    const alone = link !== 'open';
    if (alone) readStats();
    if (alone || !list.loaded || list.items.some((item) => !isTerminal(item))) readList();
    if (alone || !found.loaded || moving(found, rowsInSight())) finder.refresh();
    if (!isRead(state())) readTask();
    refreshView(route.view);
  }, POLL_MS);

  return {
    refresh,
    reread,
    more: finder.more,
    retryNow() {
      socket.retryNow();
      readStats();
      reread();
    },
  };
}

/** Read, and put a failure into the store under `type`. */
async function attempt(read, type, dispatch) {
  try {
    await read();
  } catch (error) {
    dispatch({ type, problem: explain(error) });
  }
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
