/* The task types: a table of them, or the page of one. Which, is in the address. */

import { h } from '../lib/dom.js';
import { duration } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { pageUrl, tasksUrl } from '../lib/router.js';
import { isHeldBack } from '../state/type_limits.js';
import { icon } from '../components/icons.js';
import { emptyState, loadFailure } from '../components/parts.js';
import { longName, prose } from '../components/prose.js';
import { typePage } from './type_page.js';
import { canSubmit, totalsOf } from './pieces.js';
import * as common from '../texts/common.js';
import * as task from '../texts/task.js';
import * as texts from '../texts/task_types.js';

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function typesPage(state, actions) {
  if (state.route.item) return typePage(state.route.item, state, actions);
  return h('div', { class: 'page', key: 'types', data: { page: 'types' } },
    h('div', { class: 'page-head' }, h('h1', { class: 'page-title' }, texts.TITLE), h('p', { class: 'soft' }, texts.ABOUT)),
    list(state));
}

function list({ taskTypes, problem, facts, stats }) {
  if (!taskTypes) {
    return problem ? h('div', { key: 'broken' }, loadFailure(problem, 'the task types'))
      : h('p', { class: 'booting', key: 'loading' }, common.LOADING);
  }
  if (!taskTypes.length) {
    return h('div', { key: 'none' }, emptyState(task.NO_TASK_TYPES, task.ADD_MODULE[0], h('code', null, '@task'), task.ADD_MODULE[1]));
  }
  return h('div', { class: 'card scroll', key: 'table' }, h('table', { class: 'plain stackable types' },
    h('thead', null, h('tr', null, texts.COLUMNS.map((name) =>
      h('th', { scope: 'col', class: name === 'p50' ? 'num' : '' }, name || h('span', { class: 'off-screen' }, 'Links'))))),
    h('tbody', null, taskTypes.map((type) =>
      row(type, totalsOf(type.task_type, facts.typeHistory), !problem && isHeldBack(type.task_type, stats))))));
}

function row({ task_type: name, queue, description, retries, timeout_s: timeout }, totals, held) {
  const cell = (column, ...children) => h('td', { key: column, data: { label: texts.COLUMNS[column] } }, ...children);
  const q = `type:${name}`;
  return h('tr', { key: name, data: { testid: `type-${name}` } },
    h('th', { scope: 'row', key: 'name' },
      h('a', { class: 'webhook-name', href: pageUrl('types', {}, name) }, longName(visible(name))),
      h('span', { class: 'under type-about' }, prose(description)),
      held && h('span', { class: 'under', key: 'held' }, h('span', { class: 'bad-text' }, texts.HELD_BACK))),
    cell(1, h('a', { class: 'tag', href: tasksUrl({ queue }) }, queue)),
    cell(2, retries || texts.NO_RETRIES), cell(3, timeout ? duration(timeout) : texts.NO_TIMEOUT),
    cell(4, totals ? h('span', { class: totals.failed ? 'bad-text' : '' }, texts.lastHour(totals.ended, totals.failed)) : '–'),
    h('td', { class: 'num', key: 'p50', data: { label: 'p50' } }, duration(totals?.p50 ?? null)),
    h('td', { class: 'c-do', key: 'do' }, h('div', { class: 'actions' },
      h('a', { class: 'button', href: tasksUrl({ q }), 'aria-label': `${texts.TASKS}: ${name}` }, icon('rows'),
        h('span', null, texts.TASKS)),
      canSubmit() && h('a', { class: 'button', href: pageUrl('submit', { type: name }), 'aria-label': `${texts.SUBMIT}: ${name}` },
        icon('send'), h('span', null, texts.SUBMIT)))));
}
