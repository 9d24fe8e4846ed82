/* How fast a queue ends tasks, in words. Less than a minute makes no rate: two tasks in the first
   four seconds are not 30 a minute. Pure. */

import { count, rate } from '../lib/format.js';
import { first, FIRST_MEANS, LAST_MINUTE, LAST_MINUTE_MEANS } from '../texts/queues.js';

/** @typedef {import('./records.js').LastMinute} LastMinute */

/** @param {LastMinute} minute @returns {string} a rate, or a number of tasks */
export function pace({ per_s: perSecond, seconds }) {
  if (isUntouched({ per_s: perSecond, seconds })) return '–';
  return seconds < 60 ? count(Math.round(perSecond * seconds)) : rate(perSecond);
}

/** Whether the queue has not had a task yet. @param {{per_s: number, seconds: number}} minute */
export const isUntouched = ({ per_s: perSecond, seconds }) => seconds <= 1 && perSecond === 0;

/** The time that the numbers are of, and what that means. @param {LastMinute} minute @returns {[string, string]} */
export function measuredOver({ seconds }) {
  return seconds === 60 ? [LAST_MINUTE, LAST_MINUTE_MEANS] : [first(seconds), FIRST_MEANS];
}
