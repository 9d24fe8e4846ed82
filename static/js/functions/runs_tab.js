/* The latest invocations of a function: the search of tasks, by its name. */

import { h } from '../lib/dom.js';
import { pageUrl, tasksUrl } from '../lib/router.js';
import { serverNow } from '../state/page_state.js';
import { emptyState, loadFailure, sectionHead } from '../components/parts.js';
import { tableHead, taskRow } from '../tasks/row.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/functions.js';

/**
 * @param {import('../state/functions.js').FunctionDetail} fn
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function runsTab(fn, state, actions) {
  const { key, value, problem } = state.facts.functionRuns ?? {};
  if (key !== fn.name || !value) {
    return problem ? h('div', { key: 'broken' }, loadFailure(problem))
      : h('p', { class: 'booting', key: 'loading' }, common.LOADING);
  }
  const { tasks } = value;
  if (!tasks.length) {
    return h('div', { key: 'none' }, emptyState(texts.NO_RUNS, texts.NO_RUNS_WHY,
      h('a', { href: pageUrl('functions', { tab: 'invoke' }, fn.name) }, texts.INVOKE_IT)));
  }
  const now = serverNow(state);
  return h('section', { key: 'runs' },
    sectionHead(texts.latestRuns(tasks.length), h('a', { href: tasksUrl({ q: `type:${fn.name}` }) }, texts.SEARCH_RUNS)),
    h('div', { class: 'table-wrap' }, h('table', { class: 'tasks' },
      h('caption', { class: 'off-screen' }, common.newestFirst(tasks.length)),
      tableHead(),
      h('tbody', null, tasks.map((task) => taskRow(task, state, now, actions))))));
}
