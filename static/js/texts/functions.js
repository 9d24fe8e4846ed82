/* Texts of the functions: their list, the page of one, its invocations and receipts. */

import { count, plural } from '../lib/format.js';

export const ABOUT = 'Each file with a handler in the functions folder is a function. A saved change is live with the next call.';
export const COLUMNS = ['Function', 'Last hour', 'p50', 'p95', 'Environments', 'Limits', 'Last error'];
export const ALL = 'All functions';
/** @type {Record<string, string>} */
export const STATES = { Active: 'active', Failed: 'cannot run', Installing: 'packages not installed' };
/** @type {Record<string, string>} */
export const STATE_MEANS = {
  Active: 'The next call runs the file as it is now',
  Failed: 'Calls fail until the file is fixed',
  Installing: 'Its packages are installed at the first call',
};
/** @param {string} name */
export const cannotRun = (name) => `${name} cannot run`;
export const FIX_IT = 'Fix the file and save it: the next call uses the new version.';
export const NAME_PACKAGE = 'To have a package installed, give the function a folder of its own and name the package in requirements.txt there.';
/** @param {number} n */
export const failedNumber = (n) => `${count(n)} cannot run`;
/** @param {number} n @param {number} failed */
export const lastHour = (n, failed) => (n ? `${plural(n, 'run')}${failed ? `, ${count(failed)} failed` : ''}` : 'no runs');
/** @param {number} warm @param {number} busy */
export const environments = (warm, busy) => (warm ? `${count(warm)} warm${busy ? `, ${count(busy)} busy` : ''}` : 'none');
/** @param {number} n @param {string} time of half of the imports; empty: all of them failed */
export const coldStarts = (n, time) => `${plural(n, 'cold start')}${time && `, p50 ${time}`}`;
/** @param {number} n @param {number} all */
export const coldShare = (n, all) => (n ? `${count(n)} of ${count(all)}` : '0');
export const COLD_MEANS = 'Runs of the last hour that had to start a process and import the file';
/** @param {{timeout_s: number, memory_mb: number, reserved_concurrency: number|null}} limits */
export const limits = ({ timeout_s: seconds, memory_mb: memory, reserved_concurrency: most }) =>
  `${seconds} s, ${memory} MB${most === null ? '' : `, at most ${most} at once`}`;
/** @param {number} n */
export const ignored = (n) => `${plural(n, 'entry', 'entries')} ignored`;

export const NONE = 'No functions yet';
export const NONE_WHAT = 'Save this as ';
export const NONE_THEN = '. It’s live at once, without a restart or an import.';
export const FIRST_FILE = `def handler(event, context):
    name = event.get("name", "world")
    print(f"saying hello to {name}")
    return {"hello": name}
`;
export const FIRST_CALL = 'Then call it';

/** @param {string} name */
export const notFound = (name) => `No function “${name}”`;

/** @type {Record<string, string>} */
export const TABS = { overview: 'Overview', runs: 'Runs', invoke: 'Invoke', configuration: 'Configuration', code: 'Code' };
export const TABS_LABEL = 'About this function';
export const NO_ENVIRONMENT = 'No process holds this function now. The next call starts one.';
export const ENVIRONMENT_COLUMNS = ['Process', 'State', 'Version', 'Runs', 'Memory', 'Started'];
export const OLD_VERSION = 'older version, ends at the next call';
export const CURRENT_VERSION = 'current';
export const CALL_IT = 'Call it from a shell';
export const NO_RUNS = 'Not called yet';
export const NO_RUNS_WHY = 'Its invocations appear here. ';
export const INVOKE_IT = 'Invoke it';
export const SEARCH_RUNS = 'Search all runs';
/** @param {number} n */
export const latestRuns = (n) => `Latest ${plural(n, 'run')}`;

export const EVENT = 'Event';
export const EVENT_HINT = 'Any JSON value. The handler gets it as its first argument.';
export const FILL_WITH = 'Fill with';
export const CHOOSE_EVENT = 'Choose an event…';
export const SAVED = 'Saved events';
export const TEMPLATES = 'Templates';
export const INVOKE = 'Invoke';
export const INVOKING = 'Running…';
export const SEND_EVENT = 'Send as event';
export const SEND_EVENT_MEANS = 'Asynchronous: it is retried, and its result goes to its destinations';
export const SAVE_AS = 'Name of this event';
export const SAVE = 'Save event';
/** @param {string} name */
export const saved = (name) => `Event “${name}” saved.`;
/** @param {string} name */
export const deleteEvent = (name) => `Delete “${name}”`;
/** @param {string} name */
export const deleted = (name) => `Event “${name}” deleted.`;
/** @param {string} why */
export const notJson = (why) => `Not valid JSON: ${why}`;
/** @param {string} why */
export const notInvoked = (why) => `Not invoked. ${why}`;
/** @param {string} name */
export const accepted = (name) => `${name} is queued as an event.`;
export const ANSWER = 'Answer';
export const STILL_RUNNING = 'It is still running.';
export const OPEN_RUN = 'Open the run';
export const SHORTCUT = 'Ctrl+Enter invokes';

/** As Python prints it. @param {string[]} frames @param {string} error */
export const traceback = (frames, error) => `Traceback (most recent call last):\n${frames.join('')}${error}`;
export const LOG = 'Log';
export const RECEIPT = 'Receipt';
/** @type {Record<string, string>} */
export const RECEIPT_NAMES = {
  start: 'Start', queue: 'Queue', init: 'Init', duration: 'Duration', billed: 'Billed', cpu: 'CPU', memory: 'Memory used',
};
export const COLD = 'cold';
export const WARM = 'warm';
/** @param {string} used @param {number} limit */
export const memory = (used, limit) => `${used} of ${limit} MB`;
export const REPORTED = 'Reported error';
/** @type {Record<string, string>} */
export const TYPES = { RequestResponse: 'synchronous', Event: 'asynchronous' };
/** @type {Record<string, string>} */
export const CONDITIONS = {
  Success: 'succeeded', RetriesExhausted: 'no retries left', EventAgeExceeded: 'too old for another attempt',
  ZeroReservedConcurrency: 'its reserved concurrency is 0',
};

export const MAX_AGE = 'Maximum age of events';
export const CONFIGURED_IN = 'Settings come from functions.toml, or from a SAM template, beside the file.';
export const VARIABLES = 'Environment variables';
export const NO_VARIABLES = 'None of its own.';
export const NOTES = 'Not applied, or not as on AWS';
/** @param {number} n */
export const records = (n) => `${plural(n, 'record')} in `;
export const ANY_NUMBER = 'any number';
/** @param {number} n */
export const atMost = (n) => `at most ${n} at once`;
export const NO_SOURCE = 'This file can’t be shown';
export const NO_SOURCE_WHY = 'It’s not text, or it’s larger than 1 MiB.';
/** @param {string} file */
export const sourceOf = (file) => `Source of ${file}`;
