/* Keeps the store up to date. HTTP is the truth and the socket an optimisation: a frame that differs
   from the last one makes the list be read again, a lost socket makes the statistics be asked for,
   and every return of the socket starts from a fresh snapshot. */

import { explain } from './actions.js';
import { ApiProblem, getStats, getTask, getTasks } from './api.js';
import { openSocket } from './socket.js';
import { sameList } from './store.js';
import { isTerminal } from './task_state.js';

const CLOCK_MS = 1_000;
const POLL_MS = 2_000;
const LIST_VIEWS = new Set(['overview', 'tasks', 'submit']);
const LIMITS = { overview: 12, submit: 12, tasks: 100 };

/**
 * Start the clock, the socket and the refreshes.
 * @param {import('./actions.js').Store} store
 * @param {(view: string) => void} [refreshView] reads what else the open view shows
 * @returns {{refresh: () => void, retryNow: () => void}}
 */
export function goLive(store, refreshView = () => {}) {
  const { dispatch, state } = store;
  const readList = oneAtATime(async () => {
    const asked = state().route;
    const { view } = asked;
    const { find: _, ...filter } = asked.filter;
    if (!LIST_VIEWS.has(view)) return;
    const query = { ...(view === 'tasks' ? filter : {}), limit: LIMITS[view] };
    await attempt(async () => {
      const tasks = await getTasks(query);
      // The reader may have moved on while the answer was under way.
      if (sameList(asked, state().route)) dispatch({ type: 'tasks', tasks });
    }, 'tasksProblem', dispatch);
  });
  const readTask = oneAtATime(async () => {
    const id = state().route.taskId;
    if (!id) return;
    await attempt(async () => {
      const record = await getTask(id);
      if (state().route.taskId === id) dispatch({ type: 'task', record });
    }, 'task', dispatch);
  });
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
    readTask();
    refreshView(state().route.view);
  }

  const socket = openSocket('/ws/stats', {
    onFrame(frame) {
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
      if (now === 'open') refresh();
      if (now === 'closed' && was !== 'closed') readStats();
    },
  });

  setInterval(() => dispatch({ type: 'clock', now: Date.now() }), CLOCK_MS);
  setInterval(() => {
    if (document.hidden) return;
    const { list, task, route, socket: link } = state();
    const alone = link !== 'open';
    if (alone) readStats();
    if (alone || !list.loaded || list.items.some((item) => !isTerminal(item))) readList();
    if (route.taskId && !(task.record?.log && isTerminal(task.record))) readTask();
    refreshView(route.view);
  }, POLL_MS);

  return {
    refresh,
    retryNow() {
      socket.retryNow();
      readStats();
      refresh();
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

/** Never two of the same read at once; a wish during a read is granted when it ends. */
function oneAtATime(read) {
  let busy = false;
  let again = false;
  return async function run() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    await read();
    busy = false;
    if (again) {
      again = false;
      run();
    }
  };
}

function signature(frame) {
  // Ages grow by themselves; only what a task did counts as a change.
  return frame && JSON.stringify(frame, (key, value) =>
    (key === 'ts' || key === 'oldest_waiting_s' ? undefined : value));
}
