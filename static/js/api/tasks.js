/* The HTTP API as functions. Every failure is one of two errors: ApiProblem (the server answered
   with application/problem+json) or Unreachable (no answer). A 401 also calls `onUnauthorized`. */

import { parseKeeping } from '../lib/json_text.js';
import { operatorHeader } from './operator_name.js';
import { ROOT } from '../lib/root.js';
import * as texts from '../texts/shell.js';

const TIMEOUT_MS = 10_000;
/** For what is done to many tasks at once. */
export const LONG_MS = 60_000;
export const SESSION_PATH = '/api/session';
const RAW = ['payload', 'result'];
const WHOLE = [...RAW, 'reported'];
let unauthorized = (/** @type {number} */ _session) => {};
/** How often somebody has signed in here: tells a refusal of now from one that comes late. */
let session = 0;
/** What was read last under an address, and its name there: what has not changed is not sent again. */
let signedOut = false;
const known = /** @type {Map<string, {tag: string, value: any}>} */ (new Map());
const MOST_KNOWN = 40;

/** The server's answer was a problem document (RFC 9457). */
export class ApiProblem extends Error {
  /**
   * @param {number} status
   * @param {{code?: string, title?: string, detail?: string, request_id?: string,
   *   errors?: {pointer: string, code: string, message: string}[], reasons?: string[]}} body
   */
  constructor(status, body) {
    super(body.detail ?? body.title ?? texts.serverAnswered(status));
    this.status = status;
    this.code = body.code ?? `http_${status}`;
    this.title = body.title ?? '';
    this.requestId = body.request_id ?? '';
    this.errors = body.errors ?? [];
  }
}

/** The server gave no answer: it is down, or the network is. */
export class Unreachable extends Error {
  constructor() {
    super(texts.UNREACHABLE);
    this.code = 'unreachable';
  }
}

/** @param {(session: number) => void} callback called on every 401, with the session that was refused */
export function onUnauthorized(callback) {
  unauthorized = callback;
}

/** Somebody signs in: what was refused before says nothing of now. */
export function beginSession() {
  session += 1;
}

/** While nobody is signed in nothing that needs a key is sent: each would be an error. @param {boolean} now */
export function setSignedOut(now) {
  signedOut = now;
  if (now) unauthorized(session);
}

export const isSignedOut = () => signedOut;
/** The answer that a request without a key would get. */
export const notSignedIn = () => new ApiProblem(401, { code: 'unauthorized', detail: texts.SIGN_IN_FIRST });

export const currentSession = () => session;

/** @param {string} id */
const taskPath = (id) => `/api/tasks/${encodeURIComponent(id)}`;

export const getStats = () => request('GET', '/api/workers/stats');
export const getTaskTypes = async () => (await request('GET', '/api/task-types')).task_types;
export const getConsumers = async () => (await request('GET', '/api/workers')).consumers;
export const getRedis = async () => (await request('GET', '/api/redis')).redis;
export const getSettings = async () => (await request('GET', '/api/config')).settings;

/**
 * A page of tasks, newest first. `payload` of each is JSON source text.
 * @param {{q?: string, from?: string, to?: string, limit?: number, cursor?: string|null}} search
 * @returns {Promise<import('../state/search_results.js').Answer>}
 */
export function findTasks({ q, from, to, limit, cursor }) {
  const asked = { q, submitted_after: from, submitted_before: to, limit, cursor };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value) query.set(name, String(value));
  return request('GET', `/api/tasks?${query}`, undefined, RAW);
}

/** One task, `payload`, `result` and `reported` as JSON source text. @param {string} id */
export const getTask = async (id) => whole(await request('GET', taskPath(id), undefined, WHOLE));

/** Change a task that waits. @param {string} id @param {string} body JSON text of what changes */
export const changeTask = async (id, body) => whole(await request('PATCH', taskPath(id), body, WHOLE));

const whole = (task) => (task.reported === 'null' ? { ...task, reported: null } : task);

/** @param {string} body the JSON text of a submission @param {string} key the same submit with it is stored once */
export const submitTask = (body, key) => request('POST', '/api/tasks/submit', body, [], TIMEOUT_MS, { 'Idempotency-Key': key });

/** What a submit would do; nothing is stored. @param {string} body the JSON text of a submission */
export const checkSubmit = (body) => request('POST', '/api/tasks/submit?dry_run=1', body);

/** @param {string} id */
export const cancelTask = (id) => request('DELETE', `${taskPath(id)}/cancel`);

/** @param {string} id */
export const retryTask = (id) => request('POST', `${taskPath(id)}/retry`);

/** Why a task does not run, or where it stands. @param {string} id */
export const explainTask = (id) => request('GET', `${taskPath(id)}/explain`);

/**
 * Do something to many tasks; one piece of it, which says where the next begins.
 * @param {{action: string, task_ids?: string[], q?: string, cursor?: string|null, operation_id?: string|null}} piece
 * @returns {Promise<{operation_id: string, done: number, skipped: number, next_cursor: string|null, undo_id: string|null}>}
 */
export const actOnTasks = (piece) => request('POST', '/api/tasks/actions', JSON.stringify(piece), [], LONG_MS);

/** @param {string} undoId @returns {Promise<{restored: number, left: number}>} `left`: what this request had no time for */
export const undo = (undoId) => request('POST', `/api/undo/${encodeURIComponent(undoId)}`, undefined, [], LONG_MS);

/**
 * Ask, and read the answer.
 * @param {string} method
 * @param {string} path
 * @param {string} [body] JSON text
 * @param {string[]} [keep] members whose values stay JSON source text
 * @param {number} [limitMs]
 * @param {Record<string, string>} [headers]
 */
export async function request(method, path, body, keep = [], limitMs = TIMEOUT_MS, headers = {}) {
  if (signedOut && path !== SESSION_PATH) throw notSignedIn();
  const mine = session;
  const before = method === 'GET' ? known.get(path) : undefined;
  const { status, ok, text, tag } = await exchange(method, path, body, limitMs,
    { ...headers, ...(before && { 'If-None-Match': before.tag }) });
  if (status === 304 && before) return before.value;
  if (ok) {
    const value = readBody(status, text, keep);
    if (method === 'GET') remember(path, tag, value);
    return value;
  }
  if (status === 401 && mine === session && path !== SESSION_PATH) setSignedOut(true);
  throw new ApiProblem(status, problemBody(text));
}

/** Later calls return the same value: callers must not change it. */
function remember(path, tag, value) {
  known.delete(path);
  if (tag) known.set(path, { tag, value });
  if (known.size > MOST_KNOWN) known.delete(known.keys().next().value ?? '');
}

async function exchange(method, path, body, limitMs, headers) {
  try {
    const answer = await fetch(ROOT + path, {
      method,
      body,
      cache: 'no-store',
      credentials: 'same-origin',
      headers: { ...headers, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(method === 'GET' ? {} : operatorHeader()) },
      signal: AbortSignal.timeout(limitMs),
    });
    return { status: answer.status, ok: answer.ok, text: await answer.text(), tag: answer.headers.get('ETag') };
  } catch {
    throw new Unreachable();
  }
}

/** An answer that cannot be read (of a proxy, say) is a failure like others. */
function readBody(status, text, keep) {
  if (status === 204) return null;
  try {
    return keep.length ? parseKeeping(text, keep) : JSON.parse(text);
  } catch {
    throw new ApiProblem(status, { code: 'unreadable', detail: texts.UNREADABLE });
  }
}

function problemBody(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
