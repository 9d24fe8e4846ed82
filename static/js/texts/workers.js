/* Texts of the workers and of the log. */

import { plural } from '../lib/format.js';

export const ABOUT = 'Each consumer serves one queue with several workers.';
export const COLUMNS = ['Worker', 'Process', 'Running', 'Started', 'Duration', 'Memory', 'CPU'];
/** @param {string} queue */
export const consumerOf = (queue) => `Consumer of the ${queue} queue`;
/** @param {string} queue */
export const hostOf = (queue) => `Function host of the ${queue} queue`;
/** @param {string} queue */
export const functionsOf = (queue) => `${queue}, functions`;
/** In place of a task that the reader's key does not reach. */
export const OUT_OF_REACH = 'a task';
export const NONE_ONLINE = 'No consumer is online';
export const TASKS_WAIT = 'Tasks are accepted and wait. Start one: ';
/** @param {string} queue */
export const noConsumer = (queue) => ` The ${queue} queue has no consumer. Start one: `;
/** @param {string} when */
export const heartbeat = (when) => `heartbeat ${when}`;
/** @param {string} time */
export const noHeartbeat = (time) => `no heartbeat for ${time}`;

export const LOG_ABOUT = 'Live output of running tasks.';
export const LOG_LABEL = 'Log lines, newest last';
export const LOG_LIVE = 'Live';
export const LOG_NOT_LIVE = 'Not updating';
export const LOG_PAUSE = 'Pause';
export const LOG_RESUME = 'Resume';
/** @param {number} fresh */
export const logPaused = (fresh) => `Paused${fresh ? `, ${plural(fresh, 'new line')}` : ''}`;
export const MINIMUM_LEVEL = 'Minimum level';
export const ANY_LEVEL = 'any';
export const NO_MATCHES = 'No matching lines';
export const NO_MATCHES_WHY = 'New matching lines appear automatically. ';
export const SHOW_ALL = 'Show all lines';
export const NO_LINES = 'No log lines yet';
export const NO_LINES_WHY = 'What tasks log with Python’s logging module appears here, and is kept with each task.';
