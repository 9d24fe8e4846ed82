/* The eight states of a task: what each is called, means and looks like. */

import { STATES } from '../texts/states.js';

const MORE_WORDS = { SUCCESS: ['succeeded'], REVOKED: ['canceled'] };

/**
 * @typedef {{label: string, icon: string, means: string, terminal: boolean, field: string}} StateLook
 *   `field`: what counts it in the numbers of a queue
 */

/** @type {Record<string, StateLook>} */
export const TASK_STATES = {
  PENDING: { ...STATES.PENDING, icon: 'clock', terminal: false, field: 'queued' },
  STARTED: { ...STATES.STARTED, icon: 'play', terminal: false, field: 'active' },
  RETRY: { ...STATES.RETRY, icon: 'retry', terminal: false, field: 'retry' },
  SCHEDULED: { ...STATES.SCHEDULED, icon: 'calendar', terminal: false, field: 'scheduled' },
  SUCCESS: { ...STATES.SUCCESS, icon: 'check', terminal: true, field: 'success' },
  FAILURE: { ...STATES.FAILURE, icon: 'cross', terminal: true, field: 'failed' },
  REVOKED: { ...STATES.REVOKED, icon: 'slash', terminal: true, field: 'revoked' },
  EXPIRED: { ...STATES.EXPIRED, icon: 'hourglass', terminal: true, field: 'expired' },
};

/** The terminal states. */
export const ENDS = Object.keys(TASK_STATES).filter((state) => TASK_STATES[state].terminal);

/** Whether a task in this state can be submitted again. @param {string} state */
export function isRetryable(state) {
  return ENDS.includes(state) && state !== 'SUCCESS';
}

/**
 * How many tasks in a state the lists can show. Of finished tasks a queue counts all since the
 * beginning, and keeps some.
 * @param {import('./records.js').QueueStats} queue @param {string} state
 */
export function listed(queue, state) {
  const { field, terminal } = look(state);
  return (terminal ? queue.kept : queue)[field];
}

/** How many tasks have ever ended in a terminal state. @param {import('./records.js').QueueStats} queue @param {string} state */
export function everEnded(queue, state) {
  return queue[look(state).field];
}

/** What each state may be called in a search; the first is the one to offer. @param {string} state */
export function wordsOf(state) {
  return [look(state).label.toLowerCase(), ...(MORE_WORDS[state] ?? []), state.toLowerCase()];
}

/** The state that a word of a search means; huey_tasks/search/query.py knows the same. @param {string} word */
export function stateNamed(word) {
  const typed = word.toLowerCase();
  return Object.keys(TASK_STATES).find((state) => wordsOf(state).includes(typed)) ?? null;
}

/** @param {string} status @returns {StateLook} */
export function look(status) {
  return TASK_STATES[status] ?? { label: status, icon: 'clock', means: '', terminal: false, field: '' };
}

/** Whether it has not started, or waits for its next attempt. @param {{status: string}} task */
export function isWaiting({ status }) {
  return ['PENDING', 'RETRY', 'SCHEDULED'].includes(status);
}

/** @param {{status: string}} task */
export function isTerminal(task) {
  return look(task.status).terminal;
}
