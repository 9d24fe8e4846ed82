/* The graph of a flow: boxes in columns by depth with lines between them; on a phone a list by depth. */

import { h, s } from '../lib/dom.js';
import { visible } from '../lib/json_text.js';
import { pageUrl, taskUrl } from '../lib/router.js';
import { canRetryFrom, graphOf, nodeLook, numbersOf, takenFrom } from '../state/flows.js';
import { icon } from '../components/icons.js';
import { sectionHead } from '../components/parts.js';
import { nodeBadge, numbers } from './pieces.js';
import * as texts from '../texts/flows.js';

/**
 * @typedef {import('../state/flows.js').WholeFlow} WholeFlow
 * @typedef {import('../state/actions.js').Actions} Actions
 * @typedef {import('../state/flow_drawing.js').Place} Place
 */

/**
 * @param {WholeFlow} flow
 * @param {string} open the key of the box whose list is shown
 * @param {Actions} actions
 */
export function graph(flow, open, actions) {
  const { columns, lines, rescues, width, height, hidden } = graphOf(flow);
  return h('section', { key: 'graph', data: { testid: 'graph' } },
    sectionHead(texts.GRAPH, rescues && h('span', { class: 'faint flow-legend' }, texts.FOR_FAILURE)),
    h('div', { class: 'card flow-graph' },
      h('div', { class: 'flow-canvas', style: { width: `${width}px`, height: `${height}px` } },
        s('svg', { class: 'flow-lines', 'aria-hidden': 'true', width, height, viewBox: `0 0 ${Math.max(1, width)} ${Math.max(1, height)}` },
          s('path', { d: lines }), s('path', { class: 'for-failure', d: rescues })),
        h('ol', { 'aria-label': texts.GRAPH_LABEL }, columns.map((column, depth) =>
          h('li', { key: depth, data: { testid: 'depth' } }, h('h3', null, texts.step(depth + 1)),
            h('ul', null, column.map((place) => box(place, flow, open, actions)))))))),
    hidden > 0 && h('p', { class: 'hint', key: 'hidden', data: { testid: 'hidden-nodes' } }, texts.hidden(hidden)));
}

/** @param {Place} place @param {WholeFlow} flow @param {string} open @param {Actions} actions */
function box({ box: shown, x, y, width, height }, flow, open, actions) {
  if (!shown) return null;
  const nodes = shown.members.map((number) => flow.nodes[number]);
  const style = { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` };
  return shown.kind === 'node' ? single(nodes[0], style, flow, actions) : folded(shown, nodes, style, flow, open);
}

/** @param {import('../state/flows.js').FlowNode} node */
function single(node, style, flow, actions) {
  const { name, task_type: type, task_id: task, attempt } = node;
  const { key } = nodeLook(node);
  const takes = takenFrom(node);
  return h('li', { class: 'flow-box', key: name, style, data: { testid: 'node', node: name, state: key } },
    h('span', { class: 'box-head' }, nodeName(name, task),
      canRetryFrom(flow, node) && h('button', { type: 'button', class: 'icon-button', key: 'retry', title: texts.RETRY_FROM,
        'aria-label': texts.retryFrom(name), data: { testid: 'retry-from' },
        on: { click: () => actions.askRetryFrom(flow, name) } }, icon('retry'))),
    h('span', { class: 'box-type', title: visible(type) }, visible(type),
      takes.length > 0 && h('span', { class: 'box-takes', title: `${texts.takes(takes.join(', '))}. ${texts.TAKES_MEANS}` },
        takes.join(', '))),
    h('span', { class: 'box-foot' }, nodeBadge(node),
      attempt !== null && attempt > 1 && h('span', { class: 'faint' }, texts.attempt(attempt))));
}

/** A link to its task, once there is one. @param {string} name @param {string|null} task */
export function nodeName(name, task) {
  return task ? h('a', { class: 'box-name', key: 'task', href: taskUrl(task), title: name }, name)
    : h('span', { class: 'box-name', key: 'name', title: name }, name);
}

/** @param {import('../state/flow_boxes.js').Box} shown */
function folded({ key, kind, members }, nodes, style, flow, open) {
  const isOpen = open === key;
  const title = kind === 'row' ? texts.inARow(members.length) : texts.alike(visible(nodes[0].task_type), members.length);
  return h('li', { class: 'flow-box folded-box', key, style, data: { testid: 'folded', node: key, kind, state: numbersOf(nodes)[0].key } },
    h('a', { class: 'box-name', href: pageUrl('flows', isOpen ? {} : { box: key }, flow.flow_id), 'aria-expanded': String(isOpen),
      title: kind === 'row' ? texts.ROW_MEANS : texts.ALIKE_MEANS }, h('span', { title }, title), icon('down')),
    numbers(nodes));
}
