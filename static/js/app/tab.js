/* Shows the state of the service in a tab that is in the background. The title names what is open and
   counts the tasks that failed since the tab was visible; while nothing can work, it says why. The
   favicon turns yellow or red. */

import { visible } from '../lib/json_text.js';
import { look } from '../state/task_state.js';
import { verdict } from '../state/verdict.js';

/** A picture for each degree of the verdict; what is not named here is well. */
const WARNS = 'favicon-warn.svg';
const BURNS = 'favicon-bad.svg';
const PICTURES = { stopped: WARNS, late: WARNS, losing: BURNS, broken: BURNS };
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
  const { degree, headline } = stateOf(state);
  const open = degree === 'broken' ? headline : whatIsOpen(state, page);
  document.title = `${fresh ? `(${fresh}) ` : ''}${open} · Duckline`;
  showPicture(PICTURES[degree] ?? 'favicon.svg');
}

function whatIsOpen({ route, task }, page) {
  if (!route.taskId) return page;
  const { record } = task;
  return record?.task_id === route.taskId ? `${visible(record.task_type)} ${look(record.status).label.toLowerCase()}` : 'Task';
}

/** Until the first numbers are here nothing is known. */
function stateOf(state) {
  if (!state.stats && !state.problem) return { degree: 'fine', headline: '' };
  const { severity, title } = verdict(state, '');
  return { degree: severity, headline: title };
}

function showPicture(name) {
  const link = /** @type {HTMLLinkElement} */ (document.getElementById('favicon'));
  const wanted = link.href.replace(/[^/]*$/, name);
  // A browser may load the picture again at each change of the attribute.
  if (link.href !== wanted) link.href = wanted;
}
