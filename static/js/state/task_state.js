/* The eight states of a task: what each is called, means and looks like. */

import { STATES } from '../texts/states.js';

const MORE_WORDS = { SUCCESS: ['succeeded'], REVOKED: ['canceled'] };

/** @typedef {{label: string, icon: string, means: string, terminal: boolean}} StateLook */

/** @type {Record<string, StateLook>} */
export const TASK_STATES = {
  PENDING: { ...STATES.PENDING, icon: 'clock', terminal: false },
  STARTED: { ...STATES.STARTED, icon: 'play', terminal: false },
  RETRY: { ...STATES.RETRY, icon: 'retry', terminal: false },
  SCHEDULED: { ...STATES.SCHEDULED, icon: 'calendar', terminal: false },
  SUCCESS: { ...STATES.SUCCESS, icon: 'check', terminal: true },
  FAILURE: { ...STATES.FAILURE, icon: 'cross', terminal: true },
  REVOKED: { ...STATES.REVOKED, icon: 'slash', terminal: true },
  EXPIRED: { ...STATES.EXPIRED, icon: 'hourglass', terminal: true },
};

/** What each state may be called in a search; the first is the one to offer. @param {string} state */
export function wordsOf(state) {
  return [look(state).label.toLowerCase(), ...(MORE_WORDS[state] ?? []), state.toLowerCase()];
}

/** The state that a word of a search means; huey_tasks/query.py knows the same. @param {string} word */
export function stateNamed(word) {
  const typed = word.toLowerCase();
  return Object.keys(TASK_STATES).find((state) => wordsOf(state).includes(typed)) ?? null;
}

/** @param {string} status @returns {StateLook} */
export function look(status) {
  return TASK_STATES[status] ?? { label: status, icon: 'clock', means: '', terminal: false };
}

/** @param {{status: string}} task */
export function isTerminal(task) {
  return look(task.status).terminal;
}
