/* The eight states of a task: what each is called, means and looks like. */

const MORE_WORDS = { SUCCESS: ['succeeded'], REVOKED: ['canceled'] };

/** @typedef {{label: string, icon: string, means: string, terminal: boolean}} StateLook */

/** @type {Record<string, StateLook>} */
export const TASK_STATES = {
  PENDING: { label: 'Waiting', icon: 'clock', terminal: false, means: 'in its queue, waiting for a worker' },
  STARTED: { label: 'Running', icon: 'play', terminal: false, means: 'a worker runs it now' },
  RETRY: { label: 'Retrying', icon: 'retry', terminal: false, means: 'an attempt failed, the next one is set' },
  SCHEDULED: { label: 'Scheduled', icon: 'calendar', terminal: false, means: 'submitted for later' },
  SUCCESS: { label: 'Success', icon: 'check', terminal: true, means: 'finished, with a result' },
  FAILURE: { label: 'Failed', icon: 'cross', terminal: true, means: 'no attempts are left, or it is not worth another' },
  REVOKED: { label: 'Cancelled', icon: 'slash', terminal: true, means: 'stopped by someone' },
  EXPIRED: { label: 'Expired', icon: 'hourglass', terminal: true, means: 'not started in time' },
};

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
  return TASK_STATES[status] ?? { label: status, icon: 'clock', means: '', terminal: false };
}

/** @param {{status: string}} task */
export function isTerminal(task) {
  return look(task.status).terminal;
}
