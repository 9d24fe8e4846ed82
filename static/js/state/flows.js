/* Flows and their nodes as data: their shapes, and what a page says of one. Pure. */

import { drawingOf } from './flow_drawing.js';
import { look } from './task_state.js';
import { NODE_STATES } from '../texts/flows.js';

/**
 * @typedef {'running'|'succeeded'|'failed'|'cancelled'} FlowStatus
 * @typedef {'waiting'|'submitted'|'succeeded'|'failed'|'cancelled'|'skipped'} NodeStatus
 * @typedef {{flow_id: string, name: string, status: FlowStatus, size: number, counts: Record<NodeStatus, number>, progress: number,
 *   created_at: string, finished_at: string|null, cancelled_at: string|null, reason: string|null, retries: number}} Flow
 * @typedef {{name: string, task_type: string, queue: string, status: NodeStatus, task_id: string|null, task_status: string|null,
 *   attempt: number|null, error: string|null, after: string[], on_failure: string|null, results: Record<string, string>}} FlowNode
 * @typedef {Flow & {nodes: FlowNode[]}} WholeFlow
 * @typedef {{key: string, label: string, icon: string, means: string}} Look `key`: what gives it its colour
 */

/** The states of a flow, with the state of a task that each is shown as. @type {Record<FlowStatus, string>} */
export const FLOW_STATES = { running: 'STARTED', succeeded: 'SUCCESS', failed: 'FAILURE', cancelled: 'REVOKED' };

const OF_ENDED = { submitted: 'PENDING', succeeded: 'SUCCESS', failed: 'FAILURE', cancelled: 'REVOKED' };
/** What needs a look comes first. */
const ORDER = ['FAILURE', 'EXPIRED', 'RETRY', 'STARTED', 'PENDING', 'SCHEDULED', 'WAITING', 'REVOKED', 'SKIPPED', 'SUCCESS'];

/** A node looks as its task; one without a task waits for others, or was not needed. @param {FlowNode} node @returns {Look} */
export function nodeLook({ status, task_status: task }) {
  const own = NODE_STATES[status];
  if (own) return { key: status.toUpperCase(), ...own, icon: status === 'waiting' ? 'hourglass' : 'skip' };
  const key = status === 'submitted' || status === 'failed' ? task ?? OF_ENDED[status] : OF_ENDED[status];
  const { label, icon, means } = look(key);
  return { key, label, icon, means };
}

/**
 * How many nodes are in each state.
 * @param {FlowNode[]} nodes
 * @returns {(Look & {number: number})[]} the best ends last
 */
export function numbersOf(nodes) {
  /** @type {Map<string, Look & {number: number}>} */
  const found = new Map();
  for (const node of nodes) {
    const shown = nodeLook(node);
    found.set(shown.key, { ...shown, number: (found.get(shown.key)?.number ?? 0) + 1 });
  }
  return [...found.values()].sort((a, b) => ORDER.indexOf(a.key) - ORDER.indexOf(b.key));
}

/** The same, those first that need a look. @param {FlowNode[]} nodes */
export function byNeed(nodes) {
  const rank = (node) => ORDER.indexOf(nodeLook(node).key);
  return nodes.map((node, at) => ({ node, at })).sort((a, b) => rank(a.node) - rank(b.node) || a.at - b.at).map(({ node }) => node);
}

/** Nodes that have ended. @param {Pick<Flow, 'size'|'counts'>} flow */
export const endedOf = ({ size, counts }) => size - counts.waiting - counts.submitted;

/** Whether it was cancelled and its tasks have not ended yet. @param {Flow} flow */
export const isStopping = ({ status, cancelled_at: at }) => status === 'running' && at !== null;

/** Whether a retry has something to do. @param {Flow} flow */
export const canRetry = ({ status, counts }) => status !== 'running' && counts.failed + counts.cancelled > 0;

/** Whether it can run again from there. @param {Flow} flow @param {FlowNode} node */
export const canRetryFrom = (flow, { status }) => flow.status !== 'running' && (status === 'failed' || status === 'cancelled');

/** Who fills its parameters: "body ← load". @param {FlowNode} node */
export const takenFrom = ({ results }) => Object.entries(results).map(([parameter, name]) => `${parameter} ← ${name}`);

/** The graph that was drawn last: it never changes, only the states of its nodes do. */
let last = { key: '', drawing: /** @type {import('./flow_drawing.js').Drawing|null} */ (null) };

/** @param {WholeFlow} flow */
export function graphOf({ flow_id: id, nodes }) {
  const key = `${id} ${nodes.length}`;
  if (last.key !== key || !last.drawing) last = { key, drawing: drawingOf(nodes) };
  return last.drawing ?? drawingOf(nodes);
}

/** What the address of the list says. @param {Record<string, string>} params */
export const flowFilter = ({ status, after }) => ({ status: Object.hasOwn(FLOW_STATES, status ?? '') ? status : '', after: after ?? '' });
