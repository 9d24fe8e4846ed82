/* The part of the HTTP API that operators use: history, log, failures, audit, queues, schedules. */

import { LONG_MS, request } from './tasks.js';

/** @param {string} span "15m", "1h", "24h", "7d" or "30d" */
export const getHistory = (span) => request('GET', `/api/history?${new URLSearchParams({ span })}`);

/** @param {Record<string, string|number|undefined>} filter queue, level, type, limit */
export const getLog = async (filter) => (await request('GET', `/api/log?${query(filter)}`)).lines;

export const getFailures = () => request('GET', '/api/failures?limit=100');

/** The groups that failed last, without their errors and tracebacks. */
export const getCauses = async () => (await request('GET', '/api/failures?limit=25&samples=false')).groups;

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
 * @param {{at_most?: number}} [options] of a purge
 */
export const changeQueue = (queue, verb, reason, options = {}) =>
  post(`/api/queues/${encodeURIComponent(queue)}/${verb}`, { ...options, ...(reason ? { reason } : {}) });

/** @param {string} name */
const schedulePath = (name) => `/api/schedules/${encodeURIComponent(name)}`;

/** All schedules; `payload` of each is JSON source text. @returns {Promise<import('../state/schedules.js').Schedule[]>} */
export const getSchedules = async () => (await request('GET', '/api/schedules', undefined, ['payload'])).schedules;

/** @param {string} body JSON text @returns {Promise<import('../state/schedules.js').Schedule>} */
export const createSchedule = (body) => request('POST', '/api/schedules', body, ['payload']);

/** @param {string} name @param {string} body JSON text of what changes @returns {Promise<import('../state/schedules.js').Schedule>} */
export const changeSchedule = (name, body) => request('PATCH', schedulePath(name), body, ['payload']);

/** @param {string} name @param {string} [reason] */
export const deleteSchedule = (name, reason) => request('DELETE',
  `${schedulePath(name)}${reason ? `?reason=${encodeURIComponent(reason)}` : ''}`);

/** Make a task of it now. @param {string} name */
export const runSchedule = (name) => request('POST', `${schedulePath(name)}/run`);

/** @param {string} rule JSON text @returns {Promise<{words: string, next_runs: string[]}>} */
export const previewSchedule = (rule) => request('POST', '/api/schedules/preview', rule);

function post(path, body) {
  return request('POST', path, body === undefined ? undefined : JSON.stringify(body), [], LONG_MS);
}

function query(filter) {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined && value !== '');
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
}
