/* The eight states of a task: what each is called, and what it means. */

/** @type {Record<string, {label: string, means: string}>} */
export const STATES = {
  PENDING: { label: 'Waiting', means: 'in its queue, waiting for a worker' },
  STARTED: { label: 'Running', means: 'running on a worker' },
  RETRY: { label: 'Retrying', means: 'an attempt failed, waiting for the next one' },
  SCHEDULED: { label: 'Scheduled', means: 'submitted for later' },
  SUCCESS: { label: 'Success', means: 'finished without an error' },
  FAILURE: { label: 'Failed', means: 'no attempts left, or an error that is not retried' },
  REVOKED: { label: 'Cancelled', means: 'cancelled by someone' },
  EXPIRED: { label: 'Expired', means: 'not started in time' },
};
