/* The page of tasks: a search, what it finds, and what can be done with it. */

import { h } from '../lib/dom.js';
import { moment } from '../lib/format.js';
import { tasksUrl } from '../lib/router.js';
import { serverNow } from '../state/page_state.js';
import { bulkBar } from './bulk_bar.js';
import { filters } from './filters.js';
import { firstTask } from './first_task.js';
import { liveness } from '../components/live_badge.js';
import { button, emptyState, loadFailure } from '../components/parts.js';
import { taskTable } from './table.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/tasks.js';

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function tasksPage(state, actions) {
  const { found } = state;
  const wrong = Boolean(state.foundProblem?.errors?.length);
  return h('div', { class: 'page tasks-page', key: 'tasks', data: { live: liveness(state).name } },
    filters(state, actions),
    wrong ? h('div', { key: 'wrong' }, emptyState(texts.BAD_SEARCH, texts.SEE_HINT, h('a', { href: tasksUrl({}) }, texts.SHOW_ALL_TASKS)))
      : found.rows.length || found.waiting.length ? taskTable(state, actions) : nothing(state, actions),
    !wrong && (found.rows.length > 0 || found.next) && foot(state, actions),
    bulkBar(state, actions));
}

/** How far was looked, and how to look further. */
function foot({ found, reading, now, skew }, actions) {
  const back = found.backTo ? texts.backTo(moment(found.backTo, now + skew)) : '';
  return h('div', { class: 'list-foot', key: 'foot' },
    h('p', { class: 'soft', data: { testid: 'window' } }, found.next
      ? texts.soFar(found.rows.length, found.scanned, back)
      : texts.results(found.rows.length, found.scanned)),
    found.next && button(reading ? texts.SEARCHING : texts.KEEP_SEARCHING, actions.more, { disabled: reading, data: { testid: 'go-on' } }),
    h('span', { class: 'push export' }, h('span', { class: 'faint' }, texts.EXPORT_ALL),
      button('JSON lines', () => actions.exportTasks('jsonl', null, actions.search()),
        { class: 'quiet', data: { testid: 'export-all-jsonl' } }),
      button('CSV', () => actions.exportTasks('csv', null, actions.search()), { class: 'quiet', data: { testid: 'export-all-csv' } })));
}

function nothing(state, actions) {
  const { found, foundProblem, problem, reading, route: { search } } = state;
  const trouble = foundProblem ?? problem;
  if (!found.loaded) {
    return h('div', { key: 'none' }, trouble
      ? loadFailure(trouble, 'the tasks')
      : h('p', { class: 'booting' }, common.loading('tasks')));
  }
  if (!search.q && !search.from && !search.to) return h('div', { key: 'none' }, firstTask(state.taskTypes, actions));
  if (found.next) {
    const back = found.backTo ? texts.backTo(moment(found.backTo, serverNow(state))) : '';
    return h('div', { key: 'none' }, emptyState(reading ? texts.SEARCHING : texts.NO_MATCHES_YET,
      texts.searched(found.scanned, back), !reading && texts.KEEP_SEARCHING_FURTHER));
  }
  return h('div', { key: 'none' }, emptyState(texts.NO_MATCHES,
    texts.searchedAll(found.scanned),
    h('a', { href: tasksUrl({}) }, texts.SHOW_ALL_TASKS)));
}
