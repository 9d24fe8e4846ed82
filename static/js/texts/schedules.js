/* Texts of the schedules: list, form, actions. */

import { count, plural } from '../lib/format.js';

export const ABOUT = 'Submit tasks on a schedule.';
export const NEW = 'New schedule';
export const NEW_ABOUT = 'Submits its first task at the next due time.';
export const ALL = 'All schedules';
/** @param {string} name */
export const editTitle = (name) => `Edit ${name}`;
export const EDIT_ABOUT = 'Tasks that it already submitted are unchanged.';
export const NOT_FOUND = 'Schedule not found';
export const NOT_FOUND_WHY = ['It may have been deleted. The ', ' shows by whom.'];
export const FIND_HINT = 'Name, task type, queue or tag';
export const NO_MATCHES = 'No matching schedules';
/** @param {number} n @param {string} text */
export const noMatchesWhy = (n, text) => `None of the ${count(n)} has “${text}” in its name, task type, queue or tags. `;
/** @param {number} n */
export const cantRun = (n) => `${count(n)} can’t run: see below`;
export const NONE = 'No schedules yet';
export const NONE_WHAT = 'A schedule submits a task by itself: a report every night at three, a clean-up every five minutes. ';
export const NONE_HOW = 'Each due time submits exactly one task, however many consumers run. After downtime, one catch-up run.';
export const FROM_PROGRAM = 'Or from a program';

export const COLUMNS = ['Schedule', 'Trigger', 'Next run', 'Last run', 'Runs', ''];
export const DECLARED = 'declared in code';
export const DECLARED_MEANS = 'The next start of a consumer restores what the code declares';
export const NO_OVERLAP = 'no overlap';
export const NO_OVERLAP_MEANS = 'A run is skipped while the previous one has not ended';
export const NO_RUNS = 'none yet';
export const NOT_KEPT = 'expired';
export const NOT_KEPT_MEANS = 'Finished tasks are kept for a while (RESULT_TTL_S)';
/** @param {string} state @param {string} name */
export const lastRun = (state, name) => `${state}: the last run of ${name}`;
/** @param {number} n */
export const skipped = (n) => `${count(n)} skipped`;
export const SKIPPED_MEANS = 'The previous run had not ended';
/** @param {number} n */
export const missed = (n) => `${count(n)} missed`;
export const MISSED_MEANS = 'Due times that passed while no consumer was online; one catch-up run covers them';
export const DID_NOT_RUN = 'The last due time submitted no task: ';
/** @param {string} queue */
export const noConsumer = (queue) => `The ${queue} queue has no consumer: `;
export const NOTHING_UNTIL = 'nothing runs until one starts. Start it: ';
export const OPEN_QUEUES = 'Open the queues';
export const EDIT_IT = 'Edit it';

export const FORM = {
  /** @type {Record<string, string>} */ members: { tags: 'Tags', rule: 'When', overlap: 'Allow overlapping runs', paused: 'Paused' },
  tags: 'words to find its tasks by, separated by spaces',
  overlap: 'Allow overlapping runs', overlapMeans: 'Otherwise a run is skipped while the previous one has not ended.',
  paused: 'Start paused', pausedMeans: 'Paused until you resume it.',
  name: 'letters, digits, dots, dashes and underscores; can’t be changed later',
  create: 'Create schedule', save: 'Save changes',
  fixed: ' queue. The name, task type and queue can’t be changed. To change them, delete the schedule and create a new one.',
  unknownType: 'No consumer of this service has registered this task type.',
  cron: 'minute, hour, day of the month, month, day of the week',
  zone: 'for example Europe/Berlin; daylight saving included',
  ways: ['Cron', 'Interval'], kind: 'Kind of trigger',
  examples: ['every 5 minutes', 'every hour', 'every night at 3', 'weekdays at 9', 'first of the month'],
  nextRuns: 'Next runs', notYet: 'Enter a schedule to preview it.', yourTime: 'Your time. Counted from the moment you save it.',
  /** @param {string} why */ noPreview: (why) => `Not available right now. ${why}`,
  /** @param {string} zone */ timeIn: (zone) => `Time in ${zone}.`,
};

/** @param {string} name */
export const paused = (name) => `${name} is paused.`;
/** @param {string} name */
export const resumed = (name) => `${name} is resumed.`;
/** @param {string} name */
export const restored = (name) => `${name} is restored.`;
/** @param {string} name */
export const deleted = (name) => `${name} is deleted.`;
/** @param {string} name @param {string} queue */
export const runsNow = (name, queue) => `${name} runs now, in the ${queue} queue.`;
/** @param {string} name @param {string} when empty: it is paused */
export const saved = (name, when) => (when ? `${name} saved. Next run ${when}.` : `${name} saved. It is paused.`);
export const CHANGED_BEFORE = 'Nothing was saved: somebody has changed this schedule meanwhile.';
/** @param {string} why */
export const notSaved = (why) => `Not saved. ${why}`;
export const PAUSE = {
  /** @param {string} name */ title: (name) => `Pause ${name}?`,
  text: 'It submits no tasks until you resume it, and due times that pass meanwhile are not caught up. Submitted tasks are not affected.',
};
export const DELETE = {
  /** @param {string} name */ title: (name) => `Delete ${name}?`,
  text: 'It submits no more tasks. Submitted tasks are kept. An undo creates it again, with its counts at zero.',
};
/** @param {number} n */
export const runs = (n) => plural(n, 'run');
