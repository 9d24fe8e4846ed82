/* Texts of the page of failures. */

import { count, plural } from '../lib/format.js';

export const ABOUT = 'Failed tasks, grouped by cause.';
export const DIMMED = 'Dimmed text differs from task to task.';
export const ORDERS = { count: 'Most frequent', last: 'Most recent', first: 'New' };
export const NONE = 'No task has failed';
export const APPEAR = 'Failures appear here automatically, grouped by cause.';
/** @param {number} n */
export const ungrouped = (n) => `${plural(n, 'failed task')} ${n === 1 ? 'is' : 'are'} too old to group. `;
export const ALL_FAILED = 'All failed tasks';
export const MESSAGE_MEANS = 'The latest error.';
export const NO_MESSAGE = 'without a message';
export const SHOW_EXAMPLE = 'Show an example';
export const HIDE_EXAMPLE = 'Hide the example';

/** @param {number} n */
export const retrying = (n) => `Retrying: ${count(n)} so far…`;
export const ALL_RETRIED = 'Every kept task of this cause has been retried.';
export const RETRY_IT = 'Retry it';
export const TRY_3 = 'Try 3 first';
/** @param {number} n */
export const retryAll = (n) => `Retry all ${count(n)}`;
/** @param {number} n */
export const retryRemaining = (n) => `Retry remaining ${count(n)}`;
export const OPEN_LATEST = 'Open the latest failure';
/** @param {number} n @param {string} when */
export const retried = (n, when) => `Retried ${plural(n, 'task')} ${when}.`;
/** @param {number} n */
export const stillRunning = (n) => `${count(n)} still running.`;
/** @param {number} succeeded @param {number} failed */
export const ended = (succeeded, failed) => `${count(succeeded)} succeeded, ${count(failed)} failed.`;
export const ALL_SUCCEEDED = 'All succeeded.';
export const SEE_RESULTS = 'See the results';
/** @param {number} day @param {number} hour */
export const trend = (day, hour) => `${count(day)} in 24 hours, ${count(hour)} in the last one`;

export const ASK_RETRY = {
  /** @param {number} n @param {boolean} rest */ title: (n, rest) => `Retry ${rest ? 'the remaining ' : ''}${plural(n, 'task')}?`,
  /** @param {string} error */
  text: (error) =>
    `Submits each failed task of this cause (${error}) again with the same payload, oldest first. Other failures are not affected.`,
  /** @param {number} n */ verb: (n) => `Retry ${plural(n, 'task')}`,
};
/** @param {number} n */
export const retriedAsNew = (n) => `Retried ${plural(n, 'task')}.`;
