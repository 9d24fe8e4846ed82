/* What has to be typed before many tasks are changed: a click alone is made too easily. */

/** Above so many tasks the reader types what is to be done. */
const MANY = 100;

/** Whether so many tasks (null: nobody knows how many) ask for more than a click. @param {number|null} count */
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
