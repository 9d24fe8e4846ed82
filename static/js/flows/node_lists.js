/* Lists of nodes below the numbers of a flow: those that failed, and those that share a box of the graph. */

import { h } from '../lib/dom.js';
import { shortId } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { pageUrl, taskUrl } from '../lib/router.js';
import { byNeed, canRetryFrom, graphOf } from '../state/flows.js';
import { button, sectionHead } from '../components/parts.js';
import { nodeName } from './graph.js';
import { nodeBadge, numbers } from './pieces.js';
import * as texts from '../texts/flows.js';

const FEW = 50;
const MANY = 1_000;
const MOST_FAILED = 10;

/**
 * @typedef {import('../state/flows.js').WholeFlow} WholeFlow
 * @typedef {import('../state/flows.js').FlowNode} FlowNode
 * @typedef {import('../state/actions.js').Actions} Actions
 */

/** @param {WholeFlow} flow @param {Actions} actions */
export function failedNodes(flow, actions) {
  const failed = flow.nodes.filter(({ status }) => status === 'failed');
  return failed.length > 0 && h('section', { key: 'failed', data: { testid: 'failed-nodes' } },
    sectionHead(texts.FAILED, failed.length > MOST_FAILED && h('span', { class: 'faint' }, texts.firstOf(MOST_FAILED, failed.length))),
    table(failed.slice(0, MOST_FAILED), flow, actions));
}

/**
 * What shares the open box.
 * @param {WholeFlow} flow
 * @param {string} open
 * @param {boolean} all more than the first
 * @param {Actions} actions
 */
export function openList(flow, open, all, actions) {
  const shown = open && graphOf(flow).columns.flat().find(({ box }) => box?.key === open)?.box;
  if (!shown || shown.kind === 'node') return null;
  const nodes = shown.members.map((number) => flow.nodes[number]);
  const title = shown.kind === 'row' ? texts.inARow(nodes.length) : texts.alike(visible(nodes[0].task_type), nodes.length);
  const listed = (nodes.length > FEW || shown.kind === 'alike' ? byNeed(nodes) : nodes).slice(0, all ? MANY : FEW);
  return h('section', { class: 'open-box', key: `box ${open}`, tabindex: -1, 'aria-label': title, data: { testid: 'open-box' } },
    h('div', { class: 'section-head', wake: (head) => head.scrollIntoView({ block: 'nearest' }) }, h('h2', null, title)),
    h('div', { class: 'open-box-numbers' }, numbers(nodes),
      h('a', { class: 'button', href: pageUrl('flows', {}, flow.flow_id) }, texts.CLOSE_LIST)),
    table(listed, flow, actions),
    nodes.length > listed.length && h('p', { class: 'more' }, h('span', { class: 'faint' }, texts.firstOf(listed.length, nodes.length)),
      !all && button(texts.showMore(Math.min(MANY, nodes.length)), () => actions.dispatch({ type: 'ui', set: { moreNodes: open } }))));
}

function table(nodes, flow, actions) {
  return h('div', { class: 'card scroll' }, h('table', { class: 'plain stackable flow-nodes' },
    h('thead', null, h('tr', null,
      texts.NODE_COLUMNS.map((name) => h('th', { scope: 'col' }, name || h('span', { class: 'off-screen' }, 'Actions'))))),
    h('tbody', null, nodes.map((node) => row(node, flow, actions)))));
}

/** @param {FlowNode} node */
function row(node, flow, actions) {
  const { name, task_id: task, attempt, error } = node;
  const cell = (column, ...children) => h('td', { key: column, data: { label: texts.NODE_COLUMNS[column] } }, ...children);
  return h('tr', { key: name, data: { testid: 'node-row', node: name } },
    h('th', { scope: 'row', key: 'name' }, nodeName(name, task),
      error && h('span', { class: 'under node-error', dir: 'auto' }, visible(error))),
    cell(1, nodeBadge(node)), cell(2, attempt || '–'),
    cell(3, task ? h('a', { href: taskUrl(task) }, h('code', null, shortId(task))) : h('span', { class: 'faint' }, texts.NO_TASK)),
    h('td', { class: 'c-do', key: 'do' }, canRetryFrom(flow, node)
      && button(texts.RETRY_FROM, () => actions.askRetryFrom(flow, name), { 'aria-label': texts.retryFrom(name),
        data: { testid: 'retry-from', needs: 'operator' } }, 'retry')));
}
