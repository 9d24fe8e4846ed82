/* Texts of the page of tasks: search, list, selection, bulk actions, saved searches. */

import { count, plural } from '../lib/format.js';

/** The words of the search language, and what each looks at. */
export const SEARCH_WORDS = {
  state: 'waiting, running, retrying, scheduled, success, failed, cancelled, expired (status in the API)',
  queue: 'the name of a queue',
  type: 'a task type, by its full name',
  tag: 'a tag, by its full name',
  payload: 'payload.<field>: the value of a payload field, or payload.amount:>5',
  error: 'part of the error',
  worker: 'a worker or its consumer',
  cause: 'a group of failures',
  flow: 'the id of a flow',
  age: 'time since submission, for example <1h or >5m',
  dur: 'duration of the last attempt, for example >2s',
  wait: 'time in the queue, for example >500ms',
  id: 'a task id or its beginning',
};
export const PAYLOAD_FIELD = 'payload field';
/** @param {string} means @param {string} state */
export const inTheApi = (means, state) => `${means}; ${state} in the API`;

export const SEARCH_HINT = 'Search: state:failed  type:send_email  payload.user_id:42  age:<1h';
export const BAD_SEARCH = 'Can’t understand this search';
export const SEE_HINT = 'See the hint under the box. ';
export const SHOW_ALL_TASKS = 'Show all tasks';
export const SEARCHING = 'Searching…';
export const KEEP_SEARCHING = 'Keep searching';
export const NO_MATCHES_YET = 'No matches yet';
export const NO_MATCHES = 'No task matches this search';
export const EXPORT_ALL = 'Export all matches: ';
/** @param {string} time */
export const backTo = (time) => `back to ${time}`;
/** @param {number} shown @param {number} searched @param {string} back */
export const soFar = (shown, searched, back) =>
  `${plural(shown, 'result')} so far (searched ${plural(searched, 'task')}${back && `, ${back}`})`;
/** @param {number} shown @param {number} searched */
export const results = (shown, searched) => `${plural(shown, 'result')} (searched ${plural(searched, 'task')})`;
/** @param {number} searched @param {string} back */
export const searched = (searched, back) => `Searched ${plural(searched, 'task')}${back && ` ${back}`}. `;
/** @param {number} searched */
export const searchedAll = (searched) => `Searched all ${plural(searched, 'task')}. New matches appear automatically. `;
export const KEEP_SEARCHING_FURTHER = 'Keep searching to go further back.';

/** @param {string} means @param {number} kept @param {number} ever */
export const keptOf = (means, kept, ever) => `${means}. ${keptOnly(kept, ever)}`;
/** @param {number} kept @param {number} ever */
export const keptOnly = (kept, ever) => `${count(kept)} kept and listed, ${count(ever)} since the beginning`;

export const NO_DELIVERIES = 'No webhook deliveries';
export const DELIVERIES_ARE_TASKS = 'Each delivery of a webhook is a task of the type duckline.webhook. This leaves them out';

export const LIST_PAUSED = 'Paused while you work. Show new';
export const LATEST_PAUSED = 'Paused while the pointer is over the list';
/** @param {number} n @param {boolean} [more] */
export const fresh = (n, more) => `${more ? 'More than ' : ''}${n} new`;
export const NO_LONGER_MATCHES = 'No longer matches';

export const COLUMNS = [
  ['state', 'State'], ['task', 'Task'], ['queue', 'Queue'], ['attempt', 'Attempt'], ['outcome', 'Details'],
  ['times', 'Queued → ran'], ['age', 'Submitted'], ['act', ''],
];
export const SELECT_SHOWN = 'Select all shown';
export const SELECT_ROW = 'Select (x). With Shift, up to here';
export const ALL_MATCHES = 'All matches';
export const SELECT_MATCHES = 'Select all matches';
export const CLEAR_SELECTION = 'Clear the selection (Esc)';

/** What each action is called before, while and after it is done. */
export const ACTIONS = {
  retry: {
    verb: 'Retry', doing: 'Retrying', done: 'Retried', does: 'Submits each failed, cancelled or expired task again, as a new task.',
  },
  requeue: { verb: 'Run now', doing: 'Queueing', done: 'Queued', does: 'Queues each scheduled or retrying task now.' },
  cancel: { verb: 'Cancel', doing: 'Cancelling', done: 'Cancelled', does: 'Queued tasks won’t start. Running ones are stopped now.' },
  delete: { verb: 'Delete', doing: 'Deleting', done: 'Deleted', does: 'Deletes every finished task. You can undo this for 10 minutes.' },
};
export const ANOTHER_RUNS = 'Another bulk action is running. Wait or stop it.';
export const RETRIED_AS_NEW = 'Retried as a new task.';
export const NO_FILTER = 'No filter set: this applies to ALL tasks.';
export const EVERY_MATCH = 'Applies to every match, however many. Tasks submitted later are not affected.';
export const STOPPING = 'Stopping…';
export const READING = 'Reading';
export const EXPORTED = 'Exported';
/** @param {string} verb @param {number|null} n null: all that match */
export const confirmVerb = (verb, n) => (n === null ? `${verb} all` : `${verb} ${plural(n, 'task')}`);
/** @param {string} action @param {number|null} n null: all that match */
export const question = (action, n) => {
  const what = n === null ? 'all matches' : plural(n, 'task');
  return action === 'requeue' ? `Run ${what} now?` : `${ACTIONS[action].verb} ${what}?`;
};
/** @param {number} n */
export const undone = (n) => `Undone: ${plural(n, 'task')} restored.`;
/** @param {string} done @param {{done: number, skipped: number, problem: {text: string}|null, stopped: boolean}} sum */
export const bulkOutcome = (done, { done: n, skipped, problem, stopped }) => [
  `${done} ${plural(n, 'task')}`,
  skipped ? `, ${count(skipped)} did not qualify` : '',
  stopped ? ', then stopped' : '', problem ? `, then it failed: ${problem.text}` : '.',
].join('');
/** @param {number} done @param {number|null} total @param {number} skipped */
export const bulkProgress = (done, total, skipped) =>
  `${plural(done, 'task')}${total ? ` of ${count(total)}` : ' so far'}${skipped ? `, ${count(skipped)} skipped` : ''}`;

export const READY_MADE_NAMES = {
  failed: 'Submitted in the last hour and failed', long: 'Running longer than a minute',
  waiting: 'Waiting longer than a minute', retrying: 'Retrying now',
};
export const SAVED = {
  own: 'Yours', ready: 'Ready-made', none: 'None yet.', everyTask: 'every task', taken: 'Another search has this name.',
  here: 'Kept in this browser only. To share a search, copy its link.',
  nowhere: 'This browser can’t store them (a private window, or its storage is full): they are gone when you close this page.',
  first: 'Search for something to save it here.', saveAs: 'Save this search as', copyLink: 'Copy the link', link: 'link to this search',
  full: 'Not saved: the limit is 100. Delete some first.',
  /** @param {string} name @param {boolean} stored */
  saved: (name, stored) => (stored ? `Saved in this browser: ${name}` : `Kept until you close this page: ${name}`),
  /** @param {string} name */ newName: (name) => `New name of ${name}`,
  /** @param {string} name */ deleted: (name) => `Deleted: ${name}`,
};

export const WRITE_A_TYPE = 'Write a task type';
export const ASK_API = ', or call the API: ';
export const SEND_WITH_BUTTON = 'Send one with a button above, fill in a ';
export const FILL_IN = 'Fill in a ';
export const SEND_FROM = 'Send one from a ';
export const OR_A_SHELL = ' or from a shell. It appears here at once.';
