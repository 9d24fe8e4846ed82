/* The part of the HTTP API that operators use: history, log, failures, audit, queues. */

import { LONG_MS, request } from './api.js';

/** @param {string} span "15m", "1h", "24h", "7d" or "30d" */
export const getHistory = (span) => request('GET', `/api/history?${new URLSearchParams({ span })}`);

/** @param {Record<string, string|number|undefined>} filter queue, level, type, limit */
export const getLog = async (filter) => (await request('GET', `/api/log?${query(filter)}`)).lines;

export const getFailures = () => request('GET', '/api/failures?limit=100');

/**
 * Submit failed tasks of one cause again, the oldest first; one piece of it.
 * @param {string} fingerprint
 * @param {{limit: number|null, reason?: string, operation_id?: string}} piece `limit` null: all
 * @returns {Promise<{retried: number, left: number, operation_id: string}>}
 */
export const retryFailures = (fingerprint, piece) =>
  post(`/api/failures/${encodeURIComponent(fingerprint)}/retry`, piece);

/** @param {Record<string, string|number|undefined>} filter action, cursor, limit */
export const getAudit = (filter) => request('GET', `/api/audit?${query(filter)}`);

/**
 * @param {string} queue
 * @param {'pause'|'resume'|'drain'|'purge'} verb
 * @param {string} [reason]
 */
export const changeQueue = (queue, verb, reason) =>
  post(`/api/queues/${encodeURIComponent(queue)}/${verb}`, reason ? { reason } : undefined);

function post(path, body) {
  return request('POST', path, body === undefined ? undefined : JSON.stringify(body), [], LONG_MS);
}

function query(filter) {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined && value !== '');
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
}
