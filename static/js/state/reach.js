/* What who looks at the page may open and use, by the role and the reach of their key, as GET /api/session tells.
   It hides what the server would refuse; the server stays the judge. Pure. */

import { includes, ownRole } from './keys.js';

/** @typedef {import('./store.js').State} State */

/** The pages that not every role may use. */
const ROLES = { submit: 'submitter', keys: 'admin', webhooks: 'admin' };
/** The pages that show more than a reach. */
const OF_ALL = new Set(['failures', 'functions', 'log', 'audit', 'redis', 'config']);

const reachOf = ({ facts }) => facts.session?.value ?? { queues: [], task_types: [] };
const has = (list, name) => !list.length || list.includes(name);

/** Whether nothing is out of reach. @param {State} state */
export const reachesAll = (state) => !reachOf(state).queues.length && !reachOf(state).task_types.length;

/** @param {State} state @param {string} role */
export const may = (state, role) => includes(ownRole(state), role);

/** @param {State} state @param {string} page */
export const mayOpen = (state, page) => may(state, ROLES[page] ?? 'viewer') && (reachesAll(state) || !OF_ALL.has(page));

/** Whether they may pause, drain or purge a queue, which has tasks of every type. @param {State} state @param {string} queue */
export const maySteer = (state, queue) => may(state, 'operator') && has(reachOf(state).queues, queue) && !reachOf(state).task_types.length;

/** Limits are of a type in every queue. @param {State} state */
export const mayLimit = (state) => !reachOf(state).queues.length;

/**
 * The state with the task types that are within reach, each with the `queues` that its tasks may go to, if not all.
 * None are known before it is known who looks.
 * @param {State} state
 * @returns {State}
 */
export function withinReach(state) {
  const { taskTypes, facts: { session } } = state;
  if (!session) return { ...state, taskTypes: null };
  if (!taskTypes || reachesAll(state)) return state;
  const { queues, task_types: names } = reachOf(state);
  return { ...state, taskTypes: taskTypes.filter((type) => has(names, type.task_type)).map((type) => ({ ...type, queues })) };
}
