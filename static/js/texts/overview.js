/* Texts of the overview: the verdict in words, the history, the results. */

import { count, coarse, duration, plural } from '../lib/format.js';

export const SINCE_BEGINNING = 'since the beginning';
export const RESULTS = 'Results';
/** @param {number} ran */
export const succeededOf = (ran) => `of ${plural(ran, 'task')} succeeded`;
export const SHARE_MEANS = 'Of the tasks that succeeded or failed; cancelled and expired ones are not counted';
export const NOTHING_FINISHED = 'Nothing has finished yet.';
export const NOTHING_RAN = 'No task has run to its end yet.';
export const TRY_IT = 'Try it: send an example';
export const SEND_EXAMPLE = 'Send a task with its example';

/** @param {string} span */
export const noneFinished = (span) => `No finished tasks in the last ${span}.`;

/** @param {number} n */
export const otherTypes = (n) => `${plural(n, 'other task type', 'other task types')}: show all`;
export const READ_CHARTS = 'Hover for values, or focus a chart and use ← →.';
export const IN_PROGRESS = 'in progress';
export const AS_TABLE = 'Show as table';
export const WAIT_MEANS = 'due to started';
export const RUN_MEANS = 'per attempt';
/** @param {string} unit */
export const retriesPer = (unit) => `failed attempts that were retried, per ${unit}`;
/** @param {string} note */
export const logScale = (note) => `${note}, log scale`;
/** @param {number} ended @param {number} failed */
export const finishedSummary = (ended, failed) => `${plural(ended, 'task')} finished in the time shown, ${count(failed)} of them failed`;
/** @param {number} retried */
export const retriesSummary = (retried) => `${plural(retried, 'retry', 'retries')} in the time shown`;
/** @param {string} title @param {number} half @param {number} most seconds */
export const timesSummary = (title, half, most) => `${title}: half within ${duration(half)}, 99 % within ${duration(most)}`;
/** @param {string} n */
export const perHour = (n) => `${n} per hour on average`;

export const SERVICE_STATE = 'State of the service';
export const SHOWING_LAST = 'Showing the last known state. ';
export const CONNECTING = 'Connecting…';
export const TRYING_AGAIN = 'Trying again.';

/** The conditions of the verdict in words. `title`, `text` and `more`, which the link is called. */
export const VERDICT = {
  unreachable: {
    title: 'Can’t reach the server',
    /** @param {string} origin */ text: (origin) => `Is it running at ${origin}? This page reconnects automatically. Start it with`,
  },
  redisAway: {
    title: 'Can’t reach Redis',
    text: 'Accepted tasks are kept in Redis. New tasks are refused until it is back. '
      + 'Check that it runs and that REDIS_URL is right. This page reconnects automatically.',
  },
  keyNeeded: { title: 'An API key is needed', text: 'Sign in with a key to see and submit tasks.' },
  serverError: { title: 'The server answered with an error' },
  noConsumer: {
    /** @param {string} queues @param {number} n */
    title: (queues, n) => `The ${queues} ${n > 1 ? 'queues have' : 'queue has'} no consumer`,
    more: 'See the workers',
    /** @param {number} n */
    text: (n) => {
      const tasks = n === 0 ? 'Tasks sent there wait, and start'
        : n === 1 ? '1 task waits, and starts' : `${count(n)} tasks wait, and start`;
      return `${tasks} when one runs:`;
    },
  },
  failing: {
    /** @param {string} queues @param {string} share */ title: (queues, share) => `${queues} is failing: ${share} in the last minute`,
    /** @param {number} failed @param {number} done @param {string} cause */
    text: (failed, done, cause) => `${count(failed)} of ${plural(done, 'task')} failed${cause && `, mostly with ${cause}`}.`,
    openFailure: 'Open this failure', showFailed: 'Show the failed tasks',
  },
  newCause: {
    /** @param {number} n @param {string} cause */
    title: (n, cause) => (n === 1 ? `New failure: ${cause}` : `${count(n)} new causes of failure, the most frequent: ${cause}`),
    /** @param {number} n @param {string} types @param {string} when */
    text: (n, types, when) => `${plural(n, 'task')} of ${types}, first seen ${when}.`,
    open: 'Open this failure', show: 'Show the new causes',
  },
  allPaused: {
    title: 'All queues are paused: nothing starts',
    /** @param {number} n */ text: (n) => `${n ? `${plural(n, 'task waits', 'tasks wait')}. ` : ''}New tasks wait until a queue is resumed.`,
  },
  queueFull: {
    /** @param {string} queues @param {number} n */
    title: (queues, n) => `The ${queues} ${n === 1 ? 'queue is full and refuses' : 'queues are full and refuse'} tasks`,
    /** @param {number} n */
    text: (n) => `${plural(n, 'task waits', 'tasks wait')}. Callers get 429 until fewer wait than QUEUE_MAX_WAITING allows.`,
  },
  noWrites: {
    title: 'Redis takes no writes: no task is accepted, none starts',
    text: 'It is a replica, or cannot write to its disk. What was accepted waits.', more: 'Open Redis',
  },
  dataLost: {
    /** @param {string} queues @param {number} n */
    title: (queues, n) => `Data of the ${queues} ${n === 1 ? 'queue' : 'queues'} are lost`,
    text: 'What runs now goes on. When you have done what you can, confirm the loss.',
  },
  memoryLow: {
    /** @param {string} queues @param {number} n */
    title: (queues, n) => `Redis is low on memory: the ${queues} ${n === 1 ? 'queue refuses' : 'queues refuse'} tasks`,
    text: 'Callers get 429, or 503 when it is full, until less memory is used than QUEUE_MAX_MEMORY allows.', more: 'Open Redis',
  },
  breakerOpen: {
    /** @param {string} types @param {number} n */
    title: (types, n) => `${types} ${n === 1 ? 'is' : 'are'} held back: too many attempts failed`,
    /** @param {number} n */ others: (n) => `${count(n)} others`,
    text: 'Their breaker is open: waiting tasks keep their places and attempts. A few try when its pause is over; it closes when they succeed.',
    /** @param {number} n */ more: (n) => (n === 1 ? 'Open the task type' : 'Show the task types'),
  },
  quarantine: {
    /** @param {number} n */ title: (n) => `${plural(n, 'task is', 'tasks are')} in quarantine`, more: 'See the queues',
    /** @param {number} n @param {string} queues */
    text: (n, queues) => (n === 1
      ? `It crashed its worker or could not be read, in ${queues}. Retry or delete it.`
      : `They crashed their workers or could not be read, in ${queues}. Retry or delete them.`),
  },
  waitingLong: {
    /** @param {string} queues @param {number} seconds */
    title: (queues, seconds) => `${queues} is falling behind: its oldest task has waited ${coarse(seconds)}`,
    more: 'Show the waiting tasks',
    /** @param {number} active @param {number} workers @param {number} queued */
    text: (active, workers, queued) => `${count(active)} running on ${plural(workers, 'worker')}, ${count(queued)} waiting.`,
  },
  stopped: {
    /** @param {string} queues @param {string} how */ title: (queues, how) => `The ${queues} queue is ${how}`, more: 'Open the queues',
    paused: 'Tasks sent there wait.', draining: 'New tasks are refused.',
    /** @param {number} n */ waiting: (n) => `${plural(n, 'task waits', 'tasks wait')}.`,
  },
  fine: {
    title: 'All clear, nothing queued', first: 'Send your first task',
    /** @param {number} n */ consumers: (n) => `${plural(n, 'consumer')} online`,
    /** @param {number} n */ finished: (n) => `${plural(n, 'task')} finished so far.`,
  },
  busy: {
    /** @param {number} active @param {number} waiting */ title: (active, waiting) => `${count(active)} running, ${count(waiting)} waiting`,
    /** @param {number} n */ retrying: (n) => `${count(n)} waiting to retry`,
    /** @param {number} n */ scheduled: (n) => `${count(n)} scheduled`,
    /** @param {number} seconds */ oldest: (seconds) => ` The oldest has waited ${duration(seconds)}.`,
  },
};
