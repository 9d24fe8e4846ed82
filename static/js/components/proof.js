/* What has to be typed before many tasks are changed: a click alone is made too easily. */

/** An action on more tasks than this must be confirmed by typing its name. */
const MANY = 100;

/** Whether an action on `count` tasks (null: unknown) needs more than a click. @param {number|null} count */
export function needsProof(count) {
  return count === null || count > MANY;
}

/**
 * The texts of which one has to be typed; undefined when a click is enough.
 * @param {number} count of tasks
 * @param {string} [name] of what they are in
 * @returns {string[]|undefined}
 */
export function proofsFor(count, name = '') {
  return needsProof(count) ? [String(count), name].filter(Boolean) : undefined;
}
