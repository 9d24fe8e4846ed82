/* What a tab says while nobody looks at it: its title names what is open, how many tasks have failed
   since it was looked at, and its picture turns yellow or red with the state of the service. */

import { visible } from '../lib/json_text.js';
import { look } from '../state/task_state.js';
import { verdict } from '../state/verdict.js';

/** A picture for each degree of the verdict; what is not named here is well. */
const WARNS = 'favicon-warn.svg';
const BURNS = 'favicon-bad.svg';
const PICTURES = { stopped: WARNS, late: WARNS, warn: WARNS, losing: BURNS, broken: BURNS, bad: BURNS };
/** How many tasks had failed when the tab was last seen; null: not known. @type {number|null} */
let seen = null;

/**
 * @param {import('../state/store.js').State} state
 * @param {string} page the title of what is open beneath a task
 */
export function showTab(state, page) {
  const failed = state.stats?.failed_tasks ?? null;
  if (!document.hidden || seen === null) seen = failed;
  const fresh = failed === null || seen === null ? 0 : Math.max(0, failed - seen);
  document.title = `${fresh ? `(${fresh}) ` : ''}${whatIsOpen(state, page)} · Duckline`;
  showPicture(PICTURES[degreeOf(state)] ?? 'favicon.svg');
}

function whatIsOpen({ route, task }, page) {
  if (!route.taskId) return page;
  const { record } = task;
  return record?.task_id === route.taskId ? `${visible(record.task_type)} ${look(record.status).label.toLowerCase()}` : 'Task';
}

/** Until the first numbers are here nothing is known. */
function degreeOf(state) {
  if (!state.stats && !state.problem) return 'fine';
  const found = /** @type {{severity?: string, tone: string}} */ (verdict(state, ''));
  return found.severity ?? found.tone;
}

function showPicture(name) {
  const link = /** @type {HTMLLinkElement} */ (document.getElementById('favicon'));
  const wanted = link.href.replace(/[^/]*$/, name);
  // A browser may load the picture again at each change of the attribute.
  if (link.href !== wanted) link.href = wanted;
}
