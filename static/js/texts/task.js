/* Texts of one task: its headline, why it waits, its attempts, its forms. */

import { duration, plural, secondsBetween, until } from '../lib/format.js';

/**
 * The state of a task in one sentence.
 * @param {{status: string, attempt: number, max_attempts: number, crashes?: number, started_at: string|null, finished_at: string|null,
 *   next_retry_at: string|null, scheduled_for: string|null}} task
 * @param {number} now server time, milliseconds
 */
export function headline(task, now) {
  const { status, attempt, max_attempts: most, crashes } = task;
  const { started_at: started, finished_at: finished, next_retry_at: next, scheduled_for: due } = task;
  const of = most > 1 ? ` ${attempt} of ${most}` : '';
  switch (status) {
    case 'STARTED': return `Running${of && ` attempt${of}`}`;
    case 'RETRY':
      return next ? `Attempt ${attempt} failed. Attempt ${attempt + 1} starts ${until(next, now)}` : `Attempt ${attempt} failed`;
    case 'SCHEDULED': return due ? `Starts ${until(due, now)}` : 'Submitted for later';
    case 'SUCCESS': return started && finished ? `Succeeded in ${duration(secondsBetween(started, finished))}` : 'Succeeded';
    case 'FAILURE':
      if (crashes) return `Failed after ${plural(crashes, 'worker crash', 'worker crashes')}`;
      if (!attempt) return 'Failed before it started';
      return attempt < most ? 'Failed: this error is not retried' : `Failed on attempt ${attempt} of ${Math.max(attempt, most)}`;
    case 'REVOKED': return started ? 'Cancelled' : 'Cancelled before it started';
    case 'EXPIRED': return 'Expired: not started in time';
    default: return 'Waiting for a worker';
  }
}

export const NOT_FOUND = 'Task not found';
export const NOT_FOUND_WHY = ' is unknown: it expired (finished tasks are kept for RESULT_TTL_S, 1 day by default) or the id is wrong.';
export const LAST_PROGRESS = 'Last progress';
export const CRASHES = 'Consumer crashes';
export const COPY_CURL = 'A command that submits the same task';
export const COPY_PYTHON = 'A program that submits the same task';
export const OTHER_FAILURES = 'All failures of this cause';
export const SHOW_TASKS = 'show these tasks';
export const NO_LOG = 'No log lines.';
/** @param {string} note */
export const substituted = (note) => `Not exactly what the task returned: ${note}.`;
/** @param {number} n */
export const logTitle = (n) => (n ? `Log (${plural(n, 'line')})` : 'Log');

/** @param {number} attempt @param {number} most */
export const attemptsTitle = (attempt, most) => `Attempts: ${attempt} of ${most}`;
/** @param {number} attempt */
export const tracebackOf = (attempt) => `Traceback of attempt ${attempt}`;
export const WHOLE_ERROR = 'Full error';
export const ATTEMPT_ENDS = { RETRY: 'failed', CRASHED: 'worker crashed', LOST: 'consumer crashed' };
/** @param {number} attempt @param {number} most */
export const attemptOf = (attempt, most) => `attempt ${attempt} of ${most}`;
/** @param {string} error */
export const lastAttempt = (error) => `last attempt: ${error}`;
export const NEXT_IS_DUE = 'next attempt is due';
/** @param {number} seconds */
export const nextIn = (seconds) => `next attempt in ${seconds} s`;

export const WHY = 'Why is it not running?';
export const NEXT_IN_LINE = 'Next in line';
/** @param {number} position */
export const inLine = (position) => `Number ${position} in line`;
export const EXPECTED = 'Expected to start at ';
/** The words before the time of a reason, by its code. @type {Record<string, string>} */
export const DUE = { scheduled: ' Due at ', retry_due: ' Next attempt at ', unknown_type: ' Next try at ' };
export const ENDS_AT = ' Ends at ';
/** @param {string} zone */
export const timesIn = (zone) => `Times in ${zone}`;

export const RUN_AGAIN = 'Run again with another payload';
export const RUN_AGAIN_VERB = 'Run again';
export const RUN_AGAIN_BUTTON = 'Run again…';
export const RUN_AGAIN_MEANS = 'Creates a new task. This one is unchanged.';
export const BACK_TO_TASK = 'Back to the task';
/** @param {number} line @param {string} pointer @param {string} message */
export const atLine = (line, pointer, message) => `Line ${line}, ${pointer}: ${message}`;

/** @param {string} type @param {string} queue */
export const sent = (type, queue) => `${type} is in the ${queue} queue.`;
/** @param {string} why */
export const notSent = (why) => `Not sent. ${why}`;
export const CANCELLED = 'Cancelled.';

export const NO_PAYLOAD = 'No payload needed.';
export const PAYLOAD_IS_OBJECT = 'The payload must be an object: { … }.';
/** @param {string} why */
export const notJson = (why) => `Not valid JSON: ${why}`;
/** @param {string} queue */
export const ownQueue = (queue) => `${queue} (queue of this task type)`;
export const NO_TASK_TYPES = 'No task types yet';
export const ADD_MODULE = ['Put a module with an ', ' function into a folder named in TASKS_PATH.'];

/** When the retries of a task type are. @param {number} retries @param {number[] | null} delays */
export const retryDelays = (retries, delays) =>
  delays ? `after ${delays.slice(0, 5).join(', ')}${retries > 5 ? ' …' : ''} s`
    : 'after a delay that the task type computes';
/** @param {string[]} names */
export const retriedErrors = (names) => `retried only on ${names.join(', ')}`;
/** @param {string[]} names */
export const notRetriedErrors = (names) => `not retried on ${names.join(', ')}`;
