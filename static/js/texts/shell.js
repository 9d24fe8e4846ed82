/* Texts around the pages: keyboard help, dialogs, the command palette, the live badge, notes. */

import { count, plural } from '../lib/format.js';

export const SHORTCUTS = /** @type {[string, string][]} */ ([
  ['Ctrl k', 'go to or do anything'], ['/', 'search tasks'], ['j', 'next row'], ['k', 'previous row'], ['Enter', 'open the row'],
  ['x', 'select the row'], ['r', 'retry the row or the selection'], ['c', 'cancel the row or the selection (asks first)'],
  ['Esc', 'close, or clear the selection'], ['t', 'change the theme'], ['?', 'this help'],
]);

/** @param {string} state @param {string} action */
export const doesNotFit = (state, action) => `A task that is ${state} can’t be ${action === 'retry' ? 'retried' : 'cancelled'}.`;

export const KEY_NEEDED = 'This service needs an API key.';
export const SIGN_IN_FIRST = 'You are not signed in, or your session has ended. Sign in with an API key.';
export const KEY_KEPT = 'You stay signed in for 12 hours, in all tabs of this browser.';
export const SIGN_IN = 'Sign in';
export const NOT_NOW = 'Not now';

export const NO_SUCH_PAGE = 'Page not found';
export const NOTHING_AT = 'There is nothing at ';
export const FIND_A_PAGE = 'find a page';

export const GO_OR_DO = 'Go to or do';
export const PALETTE_HINT = 'A page, a queue, a search or a task id';
export const GO_OR_DO_ANYTHING = 'Go to or do anything (Ctrl K)';
export const SHORTCUTS_TITLE = 'Keyboard shortcuts';
export const TO_LOCAL_TIME = 'Times are in UTC. Switch to local time';
export const TO_UTC = 'Times are in local time. Switch to UTC';

/** @param {string} theme @param {string} next */
export const switchTheme = (theme, next) => `Theme: ${theme}. Switch to ${next}`;

export const PALETTE = {
  newSchedule: 'New schedule', newWebhook: 'New webhook', changeTheme: 'Change the theme', saveSearch: 'Save this search',
  pauses: 'Queue: starts no tasks', drains: 'Queue: accepts no new tasks', pausesSchedule: 'Schedule: submits no tasks',
  /** @param {string} id */ openTask: (id) => `Open task ${id}`,
  /** @param {string} id */ openFlow: (id) => `Open flow ${id}`,
  /** @param {string} name */ flow: (name) => `Flow ${name}`,
  /** @param {string} id */ findTask: (id) => `Find task ${id}…`,
  /** @param {string} text */ searchFor: (text) => `Search for ${text}`,
  /** @param {string} q */ savedSearch: (q) => `Saved search: ${q}`,
  /** @param {string} state */ tasksIn: (state) => `${state} tasks`,
  /** @param {string} queue */ tasksOf: (queue) => `Tasks of the ${queue} queue`,
  /** @param {string} verb @param {string} queue */ queueAction: (verb, queue) => `${verb} the ${queue} queue`,
  /** @param {number} queued */ purges: (queued) => `Queue: cancels ${queued} waiting tasks`,
  /** @param {string} verb @param {string} name */ scheduleAction: (verb, name) => `${verb} schedule ${name}`,
  /** @param {string} name */ runSchedule: (name) => `Run schedule ${name} now`,
  /** @param {string} name */ runsOf: (name) => `Runs of schedule ${name}`,
};

export const LIVE = 'Live';
export const UPDATES = 'Updates every 2 s.';
export const CONNECTING = 'Connecting';
export const RECONNECTING = 'Reconnecting';
export const OPENING = 'Opening the live connection.';
export const STALE_TITLE = 'No update since then. The page reconnects automatically.';
/** @param {string} time */
export const staleSince = (time) => `Stale since ${time}`;

export const FOLD = 'Fold';
export const FOLD_RAIL = 'Fold to icons';
export const UNFOLD_RAIL = 'Show the names of the pages';
export const MORE = 'More';

/** What the number beside the link of a page counts. */
export const BADGES = {
  /** @param {number} n */ failures: (n) => plural(n, 'new cause'),
  /** @param {number} n */ schedules: (n) => `${count(n)} cannot run`,
  /** @param {number} n */ functions: (n) => `${count(n)} cannot run`,
  /** @param {number} n */ queues: (n) => `${count(n)} paused or draining`,
  /** @param {number} n */ missing: (n) => `${plural(n, 'queue')} without a consumer`,
  /** @param {number} n */ silent: (n) => plural(n, 'silent consumer'),
  overview: 'needs a look',
};

export const FOR_AUDIT = 'For the audit: reason and name';
export const REASON = 'Reason (optional)';
export const YOUR_NAME = 'Your name (shown in the audit log)';
export const VIEW_TASK = 'View task';

export const SOMETHING_BROKE = 'Something broke here. Reload if it stops responding.';
export const UNREACHABLE = 'Can’t reach the server.';
export const UNREADABLE = 'Can’t read the server’s answer.';
/** @param {number} status */
export const serverAnswered = (status) => `The server answered ${status}.`;

/** @param {string} what */
export const copied = (what) => `Copied ${what}.`;
export const COPY_DENIED = 'The browser did not allow copying.';

export const LARGE = 'Large: expand as needed. Copy copies everything.';
/** @param {number} characters */
export const shortened = (characters) => `${count(characters)} characters. Copy copies everything`;
export const EXPAND_ALL = 'Expand all';
export const COLLAPSE_ALL = 'Collapse all';
