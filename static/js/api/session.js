/* Who is signed in. The browser keeps the session in a cookie that no script can read, and sends it by itself to
   this service only; here is what a page may know of it. */

import { request } from './tasks.js';

/**
 * @typedef {{needs_key: boolean, name: string|null, role: string, queues: string[], task_types: string[],
 *   by_cookie: boolean}} Session `needs_key` is false while everybody may do everything
 */

/** Whether programs have to send a key, as far as this page has heard. */
let locked = false;

/** Whether a command to copy has to show a key. */
export const hasKey = () => locked;

/** @param {Session} session */
function heard(session) {
  locked = session.needs_key;
  return session;
}

/** @returns {Promise<Session>} */
export const getSession = async () => heard(await request('GET', '/api/session'));

/** @param {string} key @returns {Promise<Session>} */
export const signIn = async (key) => heard(await request('POST', '/api/session', JSON.stringify({ key })));

export const signOut = () => request('DELETE', '/api/session');
