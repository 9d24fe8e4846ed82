/* Texts of the audit. */

import { count, plural } from '../lib/format.js';

export const ABOUT = 'Operator actions, newest first. A purge or a deletion can be undone for 10 minutes.';
export const NO_MATCHES = 'No matching actions';
export const SHOW_EVERYTHING = 'Show everything';
export const NONE = 'No actions yet';
export const NONE_WHY =
  'Anyone who pauses or purges a queue, cancels, retries or deletes tasks, or changes a schedule appears here, with the reason.';
export const NO_REASON = 'no reason given';
export const OF_ONE_CAUSE = 'of one cause';
export const TOO_LATE = 'too late to undo';
export const UNDER_A_MINUTE = 'under a minute left';
/** @param {number} minutes */
export const minutesLeft = (minutes) => `${minutes} min left`;
/** @param {string} time */
export const undone = (time) => `undone ${time}`;
export const LOAD_MORE = 'Load more';
/** @param {number} n */
export const entries = (n) => plural(n, 'entry', 'entries');

/** What the audit knows, and what each is called. @type {Record<string, string>} */
export const AUDITED = {
  cancel: 'Cancelled', retry: 'Retried', requeue: 'Queued', change: 'Changed', limit: 'Changed limits of', delete: 'Deleted', pause: 'Paused', resume: 'Resumed',
  drain: 'Drained', purge: 'Purged', retry_group: 'Retried failures', undo: 'Undone',
  schedule_create: 'Created a schedule', schedule_update: 'Changed a schedule',
  schedule_delete: 'Deleted a schedule', schedule_run: 'Ran a schedule',
  key_create: 'Created a key', key_revoke: 'Revoked a key',
  function_change: 'Changed settings of',
  flow_cancel: 'Cancelled a flow', flow_retry: 'Retried a flow',
  webhook_create: 'Created a webhook', webhook_update: 'Changed a webhook',
  webhook_delete: 'Deleted a webhook', webhook_replay: 'Replayed a delivery', webhook_test: 'Tested a webhook',
};

/**
 * "Cancelled a task in default", "Purged 12 tasks in low".
 * @param {string} action what it is called
 * @param {number|null} n null: the number says nothing
 * @param {string} queue
 */
export function done(action, n, queue) {
  const what = n === null ? '' : n === 1 ? ' a task' : ` ${count(n)} tasks`;
  return `${action}${what}${queue ? ` ${what ? 'in ' : ''}${queue}` : ''}`;
}
