/* The page of one flow: its state and numbers, what failed, its graph, and the list of a box of that. */

import { h } from '../lib/dom.js';
import { ago } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { pageUrl, tasksUrl } from '../lib/router.js';
import { endedOf } from '../state/flows.js';
import { serverNow } from '../state/page_state.js';
import { icon } from '../components/icons.js';
import { copyButton, emptyState, facts, loadFailure, time } from '../components/parts.js';
import { graph } from './graph.js';
import { failedNodes, openList } from './node_lists.js';
import { controls, flowBadge, nameOf, progressOf, tookOf } from './pieces.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/flows.js';

/**
 * @param {string} id
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function flowPage(id, state, actions) {
  const known = state.facts.flow;
  const { value, problem } = known?.key === id ? known : { value: undefined, problem: null };
  const gone = problem?.code === 'flow_not_found';
  return h('div', { class: 'page flow-page', key: `flow ${id}`, data: { page: 'flow' } },
    h('div', { class: 'page-head' }, h('h1', { class: 'page-title', dir: 'auto' }, value ? nameOf(value) : texts.COLUMNS[0]),
      value && !gone && flowBadge(value),
      h('div', { class: 'page-aside' }, h('a', { href: pageUrl('flows') }, texts.ALL))),
    gone ? h('div', { key: 'gone' }, emptyState(texts.notFound(visible(id).slice(0, 64)), texts.NOT_FOUND_WHY))
      : [problem && value && h('p', { class: 'note', key: 'old' }, common.outOfDate(problem.text)),
        value ? whole(value, state, actions) : waiting(problem ?? state.problem)]);
}

function waiting(problem) {
  return problem ? h('div', { key: 'broken' }, loadFailure(problem, 'this flow'))
    : h('p', { class: 'booting', key: 'loading' }, common.LOADING);
}

/** @param {import('../state/flows.js').WholeFlow} flow */
function whole(flow, state, actions) {
  const { flow_id: id, created_at: created, finished_at: finished, reason, retries } = flow;
  const now = serverNow(state);
  const open = state.route.params.box ?? '';
  return [
    h('div', { class: 'card flow-facts', key: 'facts' },
      progressOf(flow),
      facts(/** @type {[string, import('../lib/dom.js').Children][]} */ ([
        [texts.FACTS.nodes, texts.progress(endedOf(flow), flow.size)],
        [texts.FACTS.submitted, time(created, ago(created, now))],
        [finished ? texts.FACTS.took : texts.FACTS.running, tookOf(flow, now)],
        ...(retries ? [[texts.FACTS.retries, texts.times(retries)]] : []),
        ...(reason ? [[texts.FACTS.reason, h('span', { dir: 'auto' }, visible(reason))]] : []),
        [texts.FACTS.id, h('span', { class: 'flow-id' }, h('code', null, id), copyButton(actions, id, 'flow id'))],
      ])),
      h('div', { class: 'actions' }, controls(flow, actions),
        h('a', { class: 'button', key: 'tasks', href: tasksUrl({ q: `flow:${id}` }) }, icon('rows'), h('span', null, texts.TASKS)))),
    failedNodes(flow, actions),
    graph(flow, open, actions),
    openList(flow, open, Boolean(open) && state.ui.moreNodes === open, actions),
  ];
}
