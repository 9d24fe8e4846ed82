/* Texts of the task types: their list, the page of one, its limits. */

import { count, plural } from '../lib/format.js';

export const TITLE = 'Task types';
export const ABOUT = 'Every task type of this service: its queue, retries, time limit and limits.';
export const COLUMNS = ['Task type', 'Queue', 'Retries', 'Time limit', 'Last hour', 'p50', ''];
export const ALL = 'All task types';
/** @param {string} name */
export const notFound = (name) => `No task type “${name}”`;
export const NOT_FOUND_WHY = 'This web process has not loaded it. It was renamed or removed, or the address is wrong.';
export const NO_RETRIES = 'none';
export const NO_TIMEOUT = 'none';
/** @param {number} n @param {number} failed */
export const lastHour = (n, failed) => (n ? `${plural(n, 'task')}${failed ? `, ${count(failed)} failed` : ''}` : 'no tasks');
export const TASKS = 'Tasks';
export const SUBMIT = 'Submit';
/** @type {[string, string][]} words and the search behind them */
export const SEARCHES = [['All tasks', ''], ['Running', 'state:started'], ['Waiting', 'state:pending'], ['Failed', 'state:failure']];
export const SEARCHES_LABEL = 'Tasks of this type';
export const EXAMPLE = 'Example payload';
export const SCHEMA = 'Payload, as JSON Schema';

/** @type {Record<string, string>} */
export const FACTS = {
  queue: 'Queue', retries: 'Retries', timeout: 'Time limit', hour: 'Ended, last hour', failed: 'Failed', p50: 'p50', p95: 'p95',
};

export const LIMITS = 'Limits';
export const LIMITS_WHAT = 'Over all queues and consumers. A task that has to wait keeps its place, and no attempt counts.';
export const UNLIMITED = 'No limits: tasks start as soon as a worker is free.';
/**
 * Each limit in words, where there is one; `units`: a number of seconds in its largest unit.
 * @type {Record<string, (limits: any, units: (seconds: number) => [number, string]) => string>}
 */
export const LIMIT_WORDS = {
  concurrency: ({ concurrency }) => `at most ${count(concurrency)} running`,
  rate: ({ rate, per }, units) => `at most ${plural(rate, 'start')} per ${timeSpan(...units(per))}`,
  breaker: ({ breaker: { failures, of, within_s: within, pause_s: pause, tries } }, units) =>
    `held back when ${share(failures)} of the last ${plural(of, 'attempt')} fail within ${plural(...units(within))}: for `
    + `${plural(...units(pause))}, then until ${plural(tries, 'attempt succeeds', 'attempts succeed')}`,
  by: ({ by }) => `for each value of “${by}”`,
  fair_by: ({ fair_by: field }) => `in turns by “${field}”`,
};
/** @param {number} part */
const share = (part) => ({ 0.5: 'half', 1: 'all' })[part] ?? `${Number((part * 100).toFixed(2))} %`;
/** @param {number} n @param {string} unit */
const timeSpan = (n, unit) => (n === 1 ? unit : `${n} ${unit}s`);
/** @param {string} words */
export const now = (words) => `Now: ${words}`;
/** @param {string} words */
export const declared = (words) => `Declared in code: ${words}. Remove the limits set here to return to these.`;
export const FROM_CODE = 'These are declared in code. Limits set here take precedence.';
/** @type {Record<string, {label: string, hint: string}>} */
export const LIMIT_FIELDS = {
  concurrency: { label: 'Running at a time', hint: 'empty: any number' },
  rate: { label: 'Starts', hint: 'empty: any number' },
  per: { label: 'Per', hint: 'at most a day' },
  by: { label: 'For each value of', hint: 'a field of the payload; empty: all tasks together' },
  fair_by: { label: 'In turns by', hint: 'a field of the payload, such as the customer; empty: as they came' },
};
/** @type {Record<string, {label: string, hint: string}>} */
export const BREAKER_FIELDS = {
  failures: { label: 'Share that fails', hint: '0.01 to 1; 0.5 is half' },
  of: { label: 'Of the last attempts', hint: 'at most 1,000' },
  within_s: { label: 'All within', hint: 'at most a day' },
  pause_s: { label: 'Pause', hint: 'nothing starts for this time' },
  tries: { label: 'Tries', hint: 'after the pause; all must succeed' },
};
export const BREAKER = 'Hold back while too many fail';
export const BREAKER_MEANS = 'A circuit breaker: tasks wait at their places, and no attempt counts. Setting limits closes one that is open.';
export const BREAKER_RULES = 'Rules of the breaker';
export const HELD_BACK = 'Held back: too many attempts failed';
export const HELD_BACK_MEANS = 'The breaker is open: waiting tasks keep their places and attempts. A few try when its pause is over; it closes when they succeed.';
/**
 * @param {{failed: number, of: number}} breaker
 */
const failedOf = ({ failed, of }) => (of ? `${count(failed)} of the last ${plural(of, 'attempt')} failed` : 'no attempts lately');
/**
 * How a breaker is; `until`: when the first may try, in words.
 * @type {Record<string, (breaker: any, tries: number, until: string) => string>}
 */
export const BREAKER_STATES = {
  closed: (breaker) => `Breaker closed: ${failedOf(breaker)}.`,
  open: (breaker, _, until) => `Breaker open: ${failedOf(breaker)}. The first may try ${until}.`,
  half_open: ({ succeeded }, tries) => `Breaker half-open: ${count(succeeded)} of ${plural(tries, 'try', 'tries')} succeeded.`,
};
/** @param {string} label */
export const unitOf = (label) => `${label}: unit`;
export const SET = 'Set limits';
export const REMOVE = 'Remove limits';
/** @param {string} name */
export const isSet = (name) => `Limits of ${name} are set.`;
/** @param {string} name */
export const isRemoved = (name) => `Limits of ${name} are removed.`;
/** @param {string} why */
export const notSet = (why) => `Not set. ${why}`;
export const REMOVE_ASK = {
  /** @param {string} name */ title: (name) => `Remove the limits of ${name}?`,
  text: 'Tasks that wait for them can start at once.',
};
