/* Texts of the webhooks: list, page of one, form, actions, deliveries. */

import { count, plural } from '../lib/format.js';

export const ABOUT = 'Post the ends of tasks, and the conditions of the service, to URLs, signed, until they arrive.';
export const NEW = 'New webhook';
export const NEW_ABOUT = 'Each task that ends and matches is posted to the URL, or each condition that begins and ends.';
export const ALL = 'All webhooks';
export const TASKS_NAME = 'Tasks with a webhook_url';
export const TASKS_WHAT = 'Each task names its own URL when it is submitted. This secret signs all of them.';
export const NONE = 'No webhooks yet';
export const NONE_WHAT = 'A webhook posts the end of each matching task to a URL: failed payments to a chat, finished reports to a shop. ';
export const NONE_HOW = 'Every request is signed, and tried again until the receiver accepts it.';
export const FROM_PROGRAM = 'Or from a program';
/** @param {string} id */
export const notFound = (id) => `No webhook “${id}”`;
export const NOT_FOUND_WHY = 'It was deleted, or the address is wrong.';

export const COLUMNS = ['Webhook', 'Sends', 'State', 'Last sent', 'Arrived', ''];
/** @type {Record<string, string>} */
export const STATES = { active: 'active', failing: 'failing', disabled: 'disabled' };
/** @type {Record<string, string>} */
export const STATE_MEANS = {
  active: 'Matching tasks are posted',
  failing: 'Every attempt fails now; after a day of that it is disabled',
  disabled: 'Nothing is posted, now or later',
};
export const EVERYTHING = 'every task that ends';
export const ALL_ENDS = 'all ends';
/** @param {string[]} states labels */
export const ends = (states) => states.join(', ').toLowerCase();
/** @param {string[]} types */
export const ofTypes = (types) => `of ${types.join(', ')}`;
/** The conditions of the verdict, by their codes. @type {Record<string, string>} */
export const CONDITIONS = {
  no_consumer: 'A queue has no consumer', data_lost: 'A queue has lost data', queue_full: 'A queue is full', memory_low: 'Redis is low on memory', failing: 'A queue is failing', breaker_open: 'A breaker is open', new_cause: 'A new failure',
  set_aside: 'Tasks are in quarantine', waiting_long: 'A queue is falling behind', paused: 'A queue is paused',
  draining: 'A queue is draining',
};
/** @param {number} number */
export const ofConditions = (number) => (number === 1 ? '1 condition' : `${number} conditions`);
/** @param {string} queue */
export const inQueue = (queue) => `queue ${queue}`;
/** @param {number} arrived @param {number} all */
export const arrived = (arrived, all) => `${count(arrived)} of ${count(all)}`;
export const ARRIVED_MEANS = 'Of the latest 20 deliveries within the last three days';
export const NEVER = 'never';
/** @param {string} time */
export const failingSince = (time) => `failing for ${time}`;

export const TEST = 'Send test';
export const TEST_MEANS = 'Posts a signed sample event now';
export const ENABLE = 'Enable';
export const DISABLE = 'Disable';
export const EDIT = 'Edit';
export const DELETE = 'Delete';
export const NEW_SECRET = 'New secret';

export const SECRET = 'Signing secret';
export const SECRET_ONCE = 'Copy it now: it isn’t shown again. Receivers check the signature of every request with it.';
export const SECRET_DONE = 'I copied it';
export const NO_SECRET = 'none yet: create one before you check signatures';
export const HAS_SECRET = 'set, hidden';

/** @type {Record<string, string>} */
export const FACTS = {
  url: 'URL', sends: 'Sends', secret: 'Secret', success: 'Last arrived', failure: 'Last failed', recent: 'Arrived', created: 'Created',
};
export const WHY_DISABLED = 'Disabled: ';
export const LAST_ERROR = 'Last error: ';

export const DELIVERIES = 'Deliveries';
export const DELIVERY_COLUMNS = ['When', 'Event', 'About', 'State', 'Attempts', ''];
/** @type {Record<string, string>} */
export const DELIVERY_STATES = { pending: 'on its way', delivered: 'arrived', failed: 'failed' };
/** @param {string} time */
export const nextAttempt = (time) => `next attempt ${time}`;
/** @param {number} n */
export const attempts = (n) => (n ? plural(n, 'attempt') : 'none yet');
export const NO_ANSWER = 'no answer';
export const NO_DELIVERIES = 'Nothing sent in the last three days';
export const NO_DELIVERIES_WHY = 'The next event that matches appears here. To check the receiver now, send a test.';
export const NO_DELIVERIES_OFF = 'It is disabled, and events are not sent. To check the receiver before you enable it, send a test.';
export const NO_DELIVERIES_TASKS = 'The next task with a webhook_url that ends appears here.';
export const REPLAY = 'Send again';
export const REPLAY_MEANS = 'Sends the same body with the same webhook-id, now';
export const SAMPLE = 'sample';
export const FLOW = 'a flow';
/** @param {number} n */
export const showMore = (n) => `Show the latest ${count(n)}`;

export const FORM = {
  /** @type {Record<string, string>} */ members: {
    url: 'URL', description: 'Description', states: 'Ends', task_types: 'Task types', tags: 'Tags', conditions: 'Conditions',
    enabled: 'Enabled',
  },
  url: 'http or https, with a public address or a host of WEBHOOK_ALLOWED_HOSTS',
  description: 'shown in the list', states: 'Ends', statesMean: 'None checked: all of them.',
  conditions: 'Or conditions of the service',
  conditionsMean: 'If any is checked, it gets these and no tasks: a condition is posted when it has held for a while (ALERT_AFTER_S), and when it has ended.',
  types: 'separated by spaces; empty: all tasks; duckline.flow: the ends of flows', tags: 'separated by spaces; one of them is enough; empty: all',
  create: 'Create webhook', save: 'Save changes',
  editTasks: 'Its URL and filters come with each task. Only the description can be changed.',
};
/** @param {string} name */
export const editTitle = (name) => `Edit ${name}`;

export const created = 'Webhook created.';
/** @param {string} name */
export const saved = (name) => `${name} saved.`;
/** @param {string} name */
export const enabled = (name) => `${name} is enabled.`;
/** @param {string} name */
export const disabled = (name) => `${name} is disabled.`;
/** @param {string} name */
export const deleted = (name) => `${name} is deleted.`;
export const TEST_SENT = 'Test sent. Its delivery is listed below.';
/** @param {string} name */
export const testSentTo = (name) => `Test sent to ${name}.`;
export const REPLAYED = 'Sent again.';
/** @param {string} why */
export const notSaved = (why) => `Not saved. ${why}`;
export const DISABLE_ASK = {
  /** @param {string} name */ title: (name) => `Disable ${name}?`,
  text: 'Tasks that end meanwhile are not posted, now or later. Deliveries that have not arrived fail.',
};
export const DELETE_ASK = {
  /** @param {string} name */ title: (name) => `Delete ${name}?`,
  text: 'Deliveries that have not arrived are not sent. This can’t be undone: a new webhook gets a new secret.',
};
export const SECRET_ASK = {
  /** @param {string} name */ title: (name) => `New secret for ${name}?`,
  text: 'For a day the old secret signs too, so receivers can change over. It replaces the old one after that.',
};
