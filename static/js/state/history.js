/* What the statistics over time say, out of the state. Pure. */

/** @param {import('./store.js').State} state @param {string} span */
export function historyOf({ facts }, span) {
  return facts.history?.key === span ? facts.history.value : undefined;
}

/** @param {any} history @param {string} queue */
export function totalsOf(history, queue) {
  return history?.queues.find((each) => each.queue === queue)?.totals;
}
