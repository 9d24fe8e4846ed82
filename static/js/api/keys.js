/* The part of the HTTP API that has API keys. */

import { request } from './tasks.js';

/** @typedef {import('../state/keys.js').Key} Key */

/** @returns {Promise<Key[]>} */
export const getKeys = async () => (await request('GET', '/api/keys')).keys;

/** @param {string} body JSON text @returns {Promise<Key & {key: string}>} */
export const createKey = (body) => request('POST', '/api/keys', body);

/** @param {string} id @param {string} [reason] */
export const revokeKey = (id, reason) => request('DELETE',
  `/api/keys/${encodeURIComponent(id)}${reason ? `?reason=${encodeURIComponent(reason)}` : ''}`);
