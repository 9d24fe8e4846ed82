/* The part of the HTTP API that has the limits of task types. */

import { request } from './tasks.js';

const limitsPath = (type) => `/api/task-types/${encodeURIComponent(type)}/limits`;

/** @param {string} type @returns {Promise<import('../state/type_limits.js').Limits>} */
export const getLimits = (type) => request('GET', limitsPath(type));

/** @param {string} type @param {string} body JSON text @returns {Promise<import('../state/type_limits.js').Limits>} */
export const setLimits = (type, body) => request('PUT', limitsPath(type), body);

/** @param {string} type @param {string} [reason] */
export const deleteLimits = (type, reason) => request('DELETE', 
  `${limitsPath(type)}${reason ? `?reason=${encodeURIComponent(reason)}` : ''}`);
