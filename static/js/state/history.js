/* What the statistics over time say, out of the state. Pure. */

/** @param {import('./store.js').State} state @param {string} span */
export function historyOf({ facts }, span) {
  return facts.history?.key === span ? facts.history.value : undefined;
}

/** @param {any} history @param {string} queue */
export function totalsOf(history, queue) {
  return history?.queues.find((each) => each.queue === queue)?.totals;
}

/** How many task types the overview lists. */
const MOST_TYPES = 20;

/**
 * The task types of a history that did something: the busiest, and how many others there are.
 * @param {any[]} types the busiest first
 * @returns {{shown: any[], others: number}}
 */
export function busiest(types) {
  const seen = types.filter(({ totals: t }) => t.submitted + t.succeeded + t.failed > 0);
  return { shown: seen.slice(0, MOST_TYPES), others: Math.max(0, seen.length - MOST_TYPES) };
}
