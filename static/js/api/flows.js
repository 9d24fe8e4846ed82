/* The part of the HTTP API that has flows. */

import { request } from './tasks.js';

/** @typedef {import('../state/flows.js').Flow} Flow */

const path = (id) => `/api/flows/${encodeURIComponent(id)}`;

/** Flows of one page. */
const PAGE = '50';

/** @param {{status: string, after: string}} filter @returns {Promise<{flows: Flow[], next_cursor: string|null}>} */
export const getFlows = ({ status, after }) => request('GET', `/api/flows?${new URLSearchParams({
  limit: PAGE, ...(status && { status }), ...(after && { cursor: after }) })}`);

/** A flow with all of its nodes. @param {string} id @returns {Promise<import('../state/flows.js').WholeFlow>} */
export async function getFlow(id) {
  const nodes = [];
  for (let cursor = '0'; ;) {
    const page = await request('GET', `${path(id)}${cursor === '0' ? '' : `?${new URLSearchParams({ cursor })}`}`);
    nodes.push(...page.nodes);
    if (page.next_cursor === null) return { ...page, nodes };
    cursor = page.next_cursor;
  }
}

/** @param {string} id @param {string} [reason] @returns {Promise<Flow>} */
export const cancelFlow = (id, reason) => request('POST', `${path(id)}/cancel`, JSON.stringify(reason ? { reason } : {}));

/**
 * Run nodes again that failed or were cancelled; with a node, that one.
 * @param {string} id
 * @param {string|null} node
 * @param {string} [reason]
 * @returns {Promise<Flow>}
 */
export const retryFlow = (id, node, reason) => request('POST', `${path(id)}/retry`,
  JSON.stringify({ ...(node === null ? {} : { node }), ...(reason ? { reason } : {}) }));
