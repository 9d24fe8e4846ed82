/* Texts of the queues: their cards, their modes, and what operators do with them. */

import { coarse, count, plural } from '../lib/format.js';

export const ABOUT = 'Click a number to see its tasks.';
export const MODES = {
  open: ['running', ''],
  paused: ['paused', 'New tasks wait.'],
  draining: ['draining', 'Finishes queued tasks, rejects new ones (503).'],
  orphan: ['no consumer', 'New tasks wait until one starts.'],
};
export const QUARANTINE_MEANS = 'Tasks that crashed their workers or could not be read';
export const NOTHING_WAITS = 'No waiting tasks';
/** @param {number} n */
export const cancelWaiting = (n) => `Cancel the ${plural(n, 'waiting task')}`;

/** @param {number} busy @param {number} workers */
export const busy = (busy, workers) => `${count(busy)} of ${count(workers)} busy`;
/** @param {number} busy @param {number} workers */
export const busyWorkers = (busy, workers) => `${busy} of ${plural(workers, 'worker')} busy`;
/** @param {number} workers @param {number} consumers */
export const staff = (workers, consumers) => `${plural(workers, 'worker')}${consumers > 1 ? ` in ${consumers} consumers` : ''}`;
/** @param {number} queued */
export const waitForConsumer = (queued) =>
  (queued ? `${plural(queued, 'task waits', 'tasks wait')}. ` : 'New tasks will wait. ');
export const LAST_MINUTE = 'last min';
export const LAST_MINUTE_MEANS = 'Of the last full minute of the clock';
/** @param {number} seconds */
export const first = (seconds) => `in ${coarse(seconds)}`;
export const FIRST_MEANS = 'Since the first task of this queue: less than two minutes ago';
export const TRENDS = {
  up: 'more than the minute before', down: 'less than the minute before', same: 'about the same as the minute before',
};
/** @param {string} rate */
export const before = (rate) => `${rate} in the minute before`;

/** @param {string} queue */
export const resumed = (queue) => `The ${queue} queue is resumed.`;
export const PAUSE = {
  /** @param {string} queue */ title: (queue) => `Pause the ${queue} queue?`,
  text: 'Running tasks finish. New tasks are accepted but wait.',
  /** @param {string} queue */ done: (queue) => `The ${queue} queue is paused.`,
};
export const DRAIN = {
  /** @param {string} queue */ title: (queue) => `Drain the ${queue} queue?`,
  /** @param {boolean} paused */
  text: (paused) => `${paused ? 'This replaces the pause: waiting tasks start again. ' : ''}`
    + 'Queued tasks are finished. New tasks are rejected (503) until you resume it.',
  /** @param {string} queue */ done: (queue) => `The ${queue} queue is draining. New tasks are rejected.`,
};
export const PURGE = {
  /** @param {number} n @param {string} queue */ title: (n, queue) => `Purge ${plural(n, 'task')} from the ${queue} queue?`,
  /** @param {number} n */
  text: (n) => `Cancels ${n === 1 ? 'the waiting task' : `all ${count(n)} waiting tasks`}. `
    + 'Running, scheduled and retrying tasks are kept. You can undo this for 10 minutes.',
  /** @param {number} n */ verb: (n) => `Purge ${plural(n, 'task')}`,
  /** @param {number} n @param {string} queue */ done: (n, queue) => `Cancelled ${plural(n, 'task')} in the ${queue} queue.`,
};
