/* Texts of the forms that submit a task or change one that waits. */

export const OPTIONS = 'Options';
/** @param {number} n */
export const optionsSet = (n) => `${n} set`;

export const START = {
  legend: 'Start',
  /** @type {Record<string, string>} */
  ways: { keep: 'Keep', now: 'Now', in: 'In …', at: 'At …' },
  in: 'Start in', at: 'Start at',
  /** @param {string} zone */
  zone: (zone) => `Time in ${zone}. A time in the past means now.`,
};
export const WITHIN = 'Must start within';
export const WITHIN_MEANS = 'Counted from now. A task that starts later is not run: it ends as expired.';
export const PRIORITY = 'Priority in its queue';
export const PRIORITY_MEANS = '-100 to 100, usually 0. A higher one starts first.';
export const TAGS_MEANS = 'Words to find it by, separated by spaces.';
export const UNIQUE_FOR = 'Unique for';
export const UNIQUE_FOR_MEANS = 'While it has not ended, another one like it is not submitted.';
export const UNIQUE_KEY = 'Unique key';
export const UNIQUE_KEY_MEANS = 'Tasks of this type with the same key are alike. Without a key: those with the same payload.';
/** @param {string} label */
export const unitOf = (label) => `${label}: unit`;

export const EMPTY_TEXT = 'This is empty. Submit again to send an empty text.';

export const CHECK = 'Check only';
export const CHECKED = 'Checked. Nothing was submitted.';
export const CHECKED_FACTS = { queue: 'Queue', position: 'Position', start: 'Expected start' };
/** @param {number} position */
export const inLine = (position) => (position === 1 ? 'next in line' : `number ${position} in line`);
/** @param {string} why */
export const notChecked = (why) => `Not checked. ${why}`;

export const WOULD_BE_DUPLICATE = 'A task like it has not ended yet, so a submit would return that one: ';
/** @param {string} state */
export const isDuplicate = (state) => `Nothing was submitted: a task like it already exists (${state}): `;
/** @param {string} type @param {string} state */
export const duplicateToast = (type, state) => `Not submitted: a ${type} like it already exists (${state}).`;

export const REPEATING = 'No answer: the task may or may not have been submitted. Sending it again with the same key, so that it is submitted once.';
/** @param {string} why */
export const notConfirmed = (why) => `Not sent, or not confirmed. ${why}`;
export const LOST = 'Not confirmed: the task may or may not have been submitted. Submit it again unchanged: it has the same key, so it is submitted once.';
export const LOST_TOAST = 'No answer: the task may or may not have been submitted.';

export const EDIT = 'Edit';
export const EDIT_TITLE = 'Edit the task';
export const EDIT_MEANS = 'Possible while it waits. All changes are saved, or none.';
export const DISCARD = 'Discard';
export const SAVE = 'Save changes';
export const CHANGED = 'Changed.';
/** @param {string} why */
export const notChanged = (why) => `Not changed. ${why}`;
export const HAS_STARTED = 'It has started meanwhile: a running task can’t be changed.';
export const HAS_ENDED = 'It has ended meanwhile: a finished task can’t be changed.';
export const CHANGED_BEFORE = 'Nothing was saved: somebody has changed this task meanwhile.';
/** Of the members of a task. @type {Record<string, string>} */
export const CHANGED_LABELS = { queue_priority: PRIORITY, tags: 'Tags', start: START.legend };
export const MAYBE_CHANGED = 'No answer: it may or may not have been changed. Save again to be sure.';
