/* API keys and roles as data: their shapes, and what a page says of one. Pure. */

/**
 * @typedef {{id: string, name: string, role: string, queues: string[], task_types: string[], rate: number|null,
 *   created_at: string|null, created_by: string|null, expires_at: string|null, last_used_at: string|null,
 *   is_fixed: boolean}} Key `is_fixed`: only the setting API_KEYS changes it
 */

/** From the one that may least. */
export const ROLES = ['viewer', 'submitter', 'operator', 'admin'];

/** Whether one role may do what another may. @param {string} role @param {string} other */
export const includes = (role, other) => ROLES.indexOf(role) >= ROLES.indexOf(other);

/** What a key reaches, in words of its own; empty: everything. @param {{queues: string[], task_types: string[]}} key */
export const reachOf = ({ queues, task_types: types }) => [...queues, ...types];

/** @param {Key} key @param {number} now milliseconds */
export const hasExpired = ({ expires_at: at }, now) => at !== null && Date.parse(at) <= now;

/** The role of who looks at the page; everybody is an admin while no key is needed. @param {import('./store.js').State} state */
export const ownRole = ({ facts }) => /** @type {string} */ (facts.session?.value?.role ?? 'admin');
