/* The page of tasks: a search, what it finds, and what can be done with it. */

import { h } from '../lib/dom.js';
import { clock, count, plural } from '../lib/format.js';
import { tasksUrl } from '../lib/router.js';
import { serverNow } from '../state/page_state.js';
import { bulkBar } from './bulk_bar.js';
import { filters } from './filters.js';
import { firstTask } from './first_task.js';
import { liveness } from '../components/live_badge.js';
import { button, emptyState } from '../components/parts.js';
import { taskTable } from './table.js';

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function tasksPage(state, actions) {
  const { found } = state;
  const wrong = Boolean(state.foundProblem?.errors?.length);
  return h('div', { class: 'page tasks-page', key: 'tasks', data: { live: liveness(state).name } },
    filters(state, actions),
    wrong ? h('div', { key: 'wrong' },
      emptyState('This search cannot be read', 'What is wrong with it is said under the box. ',
      h('a', { href: tasksUrl({}) }, 'Show all tasks')))
      : found.rows.length || found.waiting.length ? taskTable(state, actions) : nothing(state, actions),
    !wrong && (found.rows.length > 0 || found.next) && foot(state, actions),
    bulkBar(state, actions));
}

/** How far was looked, and how to look further. */
function foot({ found, reading, now, skew }, actions) {
  const looked = plural(found.scanned, 'task');
  const back = found.backTo && `back to ${when(found.backTo, now + skew)}`;
  return h('div', { class: 'list-foot', key: 'foot' },
    h('p', { class: 'soft', data: { testid: 'window' } }, found.next
      ? [`${count(found.rows.length)} shown. Looked at ${looked}${back ? `, ${back}` : ''}.`]
      : [`${count(found.rows.length)} shown, that is all. Looked at ${looked}.`]),
    found.next && button(reading ? 'Looking…' : 'Go on', actions.more, { disabled: reading, data: { testid: 'go-on' } }),
    h('span', { class: 'push export' }, h('span', { class: 'faint' }, 'All that match as '),
      button('JSON lines', () => actions.exportTasks('jsonl', null, actions.search()),
        { class: 'quiet', data: { testid: 'export-all-jsonl' } }),
      button('CSV', () => actions.exportTasks('csv', null, actions.search()), { class: 'quiet', data: { testid: 'export-all-csv' } })));
}

function when(at, now) {
  const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
  return sameDay ? clock(at) : `${new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })}, ${clock(at)}`;
}

function nothing(state, actions) {
  const { found, foundProblem, problem, reading, route: { search } } = state;
  const trouble = foundProblem ?? problem;
  if (!found.loaded) {
    return h('div', { key: 'none' }, trouble
      ? emptyState('The tasks cannot be read', trouble.text)
      : h('p', { class: 'booting' }, 'Loading tasks…'));
  }
  if (!search.q && !search.from && !search.to) return h('div', { key: 'none' }, firstTask(state.taskTypes, actions));
  if (found.next) {
    const back = found.backTo ? ` back to ${when(found.backTo, serverNow(state))}` : '';
    return h('div', { key: 'none' }, emptyState(reading ? 'Looking…' : 'Nothing found so far',
      `Looked at ${plural(found.scanned, 'task')}${back}. `, !reading && 'Go on to look further.'));
  }
  return h('div', { key: 'none' }, emptyState('No task matches this search',
    `All ${plural(found.scanned, 'task')} were looked at. New ones appear here by themselves. `,
    h('a', { href: tasksUrl({}) }, 'Show all tasks')));
}
