/* What the list of flows and the page of one share: the name, the state, the progress, the buttons. */

import { h } from '../lib/dom.js';
import { coarse, duration, secondsBetween, shortId } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { canRetry, endedOf, FLOW_STATES, isStopping, nodeLook, numbersOf } from '../state/flows.js';
import { look } from '../state/task_state.js';
import { icon } from '../components/icons.js';
import { button } from '../components/parts.js';
import * as texts from '../texts/flows.js';

/** @typedef {import('../state/flows.js').Flow} Flow @typedef {import('../state/flows.js').FlowNode} FlowNode */

/** What a reader calls it: its name, or the beginning of its id. @param {Flow} flow */
export const nameOf = ({ name, flow_id: id }) => (name ? visible(name) : texts.unnamed(shortId(id)));

/** How long it took, or has run so far. @param {Flow} flow @param {number} now milliseconds */
export const tookOf = ({ created_at: created, finished_at: finished }, now) => (finished
  ? duration(secondsBetween(created, finished)) : coarse(secondsBetween(created, now)));

/** @param {Flow} flow */
export function flowBadge(flow) {
  const { label, icon: shape } = look(FLOW_STATES[flow.status]);
  const stopping = isStopping(flow);
  return badge({ key: FLOW_STATES[flow.status], icon: shape, label: stopping ? texts.STOPPING : label,
    means: stopping ? texts.STOPPING_MEANS : texts.STATE_MEANS[flow.status] });
}

/** @param {FlowNode} node */
export const nodeBadge = (node) => badge(nodeLook(node));

/** @param {import('../state/flows.js').Look} shown */
function badge({ key, label, icon: shape, means }) {
  return h('span', { class: 'state', data: { state: key }, title: means }, icon(shape), h('span', null, label));
}

/** How many nodes have ended, as a bar in the colours of their states. @param {Flow} flow */
export function progressOf(flow) {
  const { size, counts } = flow;
  const ended = endedOf(flow);
  const parts = [['FAILURE', counts.failed], ['REVOKED', counts.cancelled], ['SUCCESS', counts.succeeded], ['SKIPPED', counts.skipped]];
  return h('div', { class: 'flow-progress' },
    h('div', { class: 'flow-bar', role: 'progressbar', 'aria-valuenow': ended, 'aria-valuemin': 0, 'aria-valuemax': size,
      'aria-label': 'Progress', 'aria-valuetext': texts.progress(ended, size) },
    parts.filter(([, number]) => number).map(([key, number]) => bar(String(key), Number(number) / size))),
    h('span', { class: 'flow-done' }, texts.progress(ended, size),
      counts.failed > 0 && h('span', { class: 'bad-text' }, ` · ${texts.failedNodes(counts.failed)}`)));
}

const bar = (key, share) => h('span', { key, data: { state: key }, style: { width: `${share * 100}%` } });

/** The states of some nodes: a bar, and the numbers in words. @param {FlowNode[]} nodes */
export function numbers(nodes) {
  const found = numbersOf(nodes);
  return [
    h('span', { class: 'flow-bar', 'aria-hidden': 'true', key: 'bar' }, found.filter(({ key }) => key !== 'WAITING').reverse()
      .map(({ key, number }) => bar(key, number / nodes.length))),
    h('span', { class: 'flow-numbers', key: 'numbers' }, found.map(({ key, label, number, means }, i) =>
      [i > 0 && ', ', h('span', { key, data: { state: key }, title: means }, `${number} ${label.toLowerCase()}`)])),
  ];
}

/** @param {Flow} flow @param {import('../state/actions.js').Actions} actions */
export function controls(flow, actions) {
  const name = nameOf(flow);
  const act = (label, run, mark, testid, extra = '') => button(label, run, {
    class: extra, key: testid, 'aria-label': `${label}: ${name}`, data: { testid, needs: 'operator' },
  }, mark);
  return [
    flow.status === 'running' && !isStopping(flow)
      && act(texts.CANCEL, () => actions.askCancelFlow(flow), 'close', 'cancel-flow'),
    canRetry(flow) && act(texts.RETRY, () => actions.askRetryFlow(flow), 'retry', 'retry-flow'),
  ];
}
