/* What changes with the state of the service: the clock, the socket, the statistics. Pure. */

export const SERVICE_STEPS = {
  clock: (state, { now }) => ({ ...state, now }),
  socket: (state, { socket, at }) => ({
    ...state,
    socket,
    closedSince: state.socket === 'open' && socket !== 'open' ? at : state.closedSince,
  }),
  frame: (state, { frame, at }) => {
    const serverNow = frame.ts ? Date.parse(frame.ts) : at + state.skew;
    return {
      ...state,
      now: at,
      skew: serverNow - at,
      lastFrameAt: at,
      stats: { ...frame, queues: frame.queues.map((q) => asSettled(q, frame.ts, state.settled[q.queue])) },
      problem: null,
    };
  },
  problem: (state, { problem }) => ({ ...state, problem }),
  /** An operator's action was answered: the next frame may be two seconds away, or on its way from before it. */
  queueChanged: (state, { queue, paused, draining, ts }) => (state.stats ? {
    ...state,
    settled: { ...state.settled, [queue]: { ts, paused, draining } },
    stats: { ...state.stats, queues: state.stats.queues.map((q) => (q.queue === queue ? { ...q, paused, draining } : q)) },
  } : state),
};

function asSettled(queue, ts, settled) {
  if (!settled || !ts || Date.parse(ts) > Date.parse(settled.ts)) return queue;
  return { ...queue, paused: settled.paused, draining: settled.draining };
}
