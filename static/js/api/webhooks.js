/* The part of the HTTP API that has webhooks and their deliveries. */

import { request } from './tasks.js';

/** @typedef {import('../state/webhooks.js').Webhook} Webhook */

const path = (id) => `/api/webhooks/${encodeURIComponent(id)}`;
const because = (reason) => (reason ? JSON.stringify({ reason }) : undefined);
const withReason = (address, reason) => `${address}${reason ? `?reason=${encodeURIComponent(reason)}` : ''}`;

/** @returns {Promise<Webhook[]>} */
export const getWebhooks = async () => (await request('GET', '/api/webhooks')).webhooks;

/** @param {string} id @returns {Promise<Webhook>} */
export const getWebhook = (id) => request('GET', path(id));

/** @param {string} body JSON text @returns {Promise<Webhook & {secret: string}>} */
export const createWebhook = (body) => request('POST', '/api/webhooks', body);

/** @param {string} id @param {string} body JSON text of what changes @returns {Promise<Webhook>} */
export const changeWebhook = (id, body) => request('PATCH', path(id), body);

/** @param {string} id @param {string} [reason] */
export const deleteWebhook = (id, reason) => request('DELETE', withReason(path(id), reason));

/** @param {string} id @param {string} [reason] @returns {Promise<Webhook & {secret: string}>} */
export const rotateSecret = (id, reason) => request('POST', `${path(id)}/secret`, because(reason));

/** Send a sample event. @param {string} id @returns {Promise<import('../state/webhooks.js').Delivery>} */
export const testWebhook = (id) => request('POST', `${path(id)}/test`);

/**
 * @param {string} id
 * @param {number} limit
 * @returns {Promise<{deliveries: import('../state/webhooks.js').Delivery[], next_cursor: string|null}>}
 */
export const getDeliveries = (id, limit) => request('GET', `${path(id)}/deliveries?${new URLSearchParams({ limit: String(limit) })}`);

/** @param {string} id @param {string} delivery @returns {Promise<import('../state/webhooks.js').Delivery>} */
export const replayDelivery = (id, delivery) => request('POST', `${path(id)}/deliveries/${encodeURIComponent(delivery)}/replay`);
