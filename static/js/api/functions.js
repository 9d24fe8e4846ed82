/* The part of the HTTP API that is about functions. Events and results stay JSON source text, because
   a number above 2^53 would lose digits. */

import { request } from './tasks.js';

/** A function may run for 15 minutes, and waits before. */
const INVOKE_MS = 930_000;

/** @param {string} name */
const path = (name) => `/api/functions/${encodeURIComponent(name)}`;

/** @returns {Promise<{functions: import('../state/functions.js').Fn[], ignored: {path: string, reason: string}[], folders: string[]}>} */
export const getFunctions = () => request('GET', '/api/functions');

/** @param {string} name */
export const getFunction = (name) => request('GET', path(name));

/** @param {string} name */
export const getSource = (name) => request('GET', `${path(name)}/source`);

/** @param {string} name */
export const getFunctionEvents = (name) => request('GET', `${path(name)}/events`, undefined, ['event']);

/** @param {string} name @param {string} event @param {string} body JSON text */
export const saveEvent = (name, event, body) => request('PUT', `${path(name)}/events/${encodeURIComponent(event)}`, `{"event":${body}}`);

/** @param {string} name @param {string} event */
export const deleteEvent = (name, event) => request('DELETE', `${path(name)}/events/${encodeURIComponent(event)}`);

/**
 * @param {string} name
 * @param {string} event JSON text
 * @param {'sync'|'async'} type
 * @returns {Promise<import('../state/functions.js').Invoked>}
 */
export const invokeFunction = (name, event, type) => request('POST', `${path(name)}/invoke?type=${type}`, event, ['result'], INVOKE_MS);
