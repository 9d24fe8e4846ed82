/* The eight states of a task: what each is called, means and looks like. */

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

/** @param {string} status @returns {StateLook} */
export function look(status) {
  return TASK_STATES[status] ?? { label: status, icon: 'clock', means: '', terminal: false };
}

/** @param {{status: string}} task */
export function isTerminal(task) {
  return look(task.status).terminal;
}
