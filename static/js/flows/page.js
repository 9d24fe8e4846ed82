/* The flows: a table of them, or the page of one. Which, is in the address. */

import { hasKey } from '../api/session.js';
import { h } from '../lib/dom.js';
import { ago, shortId } from '../lib/format.js';
import { base } from '../lib/root.js';
import { pageUrl } from '../lib/router.js';
import { flowFilter, FLOW_STATES } from '../state/flows.js';
import { serverNow } from '../state/page_state.js';
import { look } from '../state/task_state.js';
import { segments } from '../components/choices.js';
import { factPage } from '../components/fact_page.js';
import { copyButton, emptyState, time } from '../components/parts.js';
import { asCurl } from '../tasks/snippets.js';
import { flowPage } from './flow_page.js';
import { controls, flowBadge, nameOf, progressOf, tookOf } from './pieces.js';
import * as texts from '../texts/flows.js';

const EXAMPLE = { name: 'welcome', nodes: [
  { name: 'report', task_type: 'generate_report',
    payload: { report_type: 'monthly_summary', user_id: 'usr_12345', date_range: 'last_30_days' } },
  { name: 'tell', task_type: 'send_email', after: ['report'],
    payload: { to: 'user@example.com', subject: 'Your report', body: 'See the attachment' } },
] };

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function flowsPage(state, actions) {
  const { item, params } = state.route;
  if (item) return flowPage(item, state, actions);
  const filter = flowFilter(params);
  return factPage(state, 'flows', 'Flows', texts.ABOUT, ({ flows, next_cursor: next }) => {
    if (!flows.length && !next && !filter.status && !filter.after) return nothingYet(actions);
    return [
      choices(filter), flows.length ? table(flows, state, actions)
        : h('div', { key: 'none' }, emptyState(texts.NO_MATCHES, next && texts.NO_MATCHES_HERE,
          h('a', { href: pageUrl('flows') }, texts.SHOW_ALL))),
      (next || filter.after) && h('p', { class: 'more', key: 'more' },
        filter.after && h('a', { class: 'button', key: 'newest', href: pageUrl('flows', { status: filter.status }) }, texts.NEWEST),
        next && h('a', { class: 'button', key: 'older', href: pageUrl('flows', { status: filter.status, after: next }) }, texts.OLDER)),
    ];
  }, { key: keyOf(filter) });
}

/** What was asked for. @param {{status: string, after: string}} filter */
export const keyOf = ({ status, after }) => `${status} ${after}`;

function choices({ status }) {
  const states = Object.entries(FLOW_STATES).map(([name, shown]) => /** @type {[string, string]} */ ([name, look(shown).label]));
  return h('div', { key: 'choices' },
    segments(texts.FILTER, status, [['', texts.EVERY], ...states], (value) => pageUrl('flows', { status: value })));
}

function table(flows, state, actions) {
  const now = serverNow(state);
  return h('div', { class: 'card scroll', key: 'table' }, h('table', { class: 'plain stackable flows' },
    h('thead', null, h('tr', null,
      texts.COLUMNS.map((name) => h('th', { scope: 'col' }, name || h('span', { class: 'off-screen' }, 'Actions'))))),
    h('tbody', null, flows.map((flow) => row(flow, now, actions)))));
}

/** @param {import('../state/flows.js').Flow} flow @param {number} now @param {import('../state/actions.js').Actions} actions */
function row(flow, now, actions) {
  const { flow_id: id, name, created_at: created } = flow;
  const cell = (column, ...children) => h('td', { key: column, data: { label: texts.COLUMNS[column] } }, ...children);
  return h('tr', { key: id, data: { testid: `flow-${id}`, status: flow.status } },
    h('th', { scope: 'row', key: 'name' },
      h('a', { class: 'flow-name', dir: 'auto', href: pageUrl('flows', {}, id) }, nameOf(flow)),
      name && h('span', { class: 'under' }, h('code', null, shortId(id)))),
    cell(1, flowBadge(flow)), cell(2, progressOf(flow)), cell(3, time(created, ago(created, now))),
    cell(4, tookOf(flow, now)),
    h('td', { class: 'c-do', key: 'do' }, h('div', { class: 'actions' }, controls(flow, actions))));
}

function nothingYet(actions) {
  const command = asCurl(JSON.stringify(EXAMPLE), base(), hasKey(), '/api/flows');
  return h('div', { class: 'first-schedule', key: 'none', data: { testid: 'no-flows' } },
    emptyState(texts.NONE, texts.NONE_WHAT, texts.NONE_HOW),
    h('section', { class: 'block', key: 'example' },
      h('div', { class: 'block-head' }, h('h2', null, texts.FIRST), copyButton(actions, command, 'example')),
      h('pre', { tabindex: 0, 'aria-label': texts.FIRST }, command)));
}
