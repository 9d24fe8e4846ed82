/* Who is signed in. The browser keeps the session in a cookie that no script can read, and sends it by itself to
   this service only; here is what a page may know of it. */

import { ROOT } from '../lib/root.js';
import { beginSession, currentSession, isSignedOut, notSignedIn, request, SESSION_PATH, setSignedOut } from './tasks.js';

/**
 * @typedef {{needs_key: boolean, name: string|null, role: string|null, queues: string[], task_types: string[],
 *   by_cookie: boolean}} Session `needs_key` is false while everybody may do everything; `role` is null for who is not
 *   signed in and has to be
 */

/** Whether programs have to send a key, as far as this page has heard. */
let locked = false;
/** Whether this page has heard. */
let hasHeard = false;

/** Whether a command to copy has to show a key. */
export const hasKey = () => locked;

/** @param {Session} session */
function heard(session) {
  locked = session.needs_key;
  hasHeard = true;
  setSignedOut(session.role === null);
  return session;
}

/** @returns {Promise<Session>} */
export async function getSession() {
  const asked = currentSession();
  const session = await request('GET', SESSION_PATH);
  return asked === currentSession() ? heard(session) : getSession(); // somebody has signed in meanwhile
}

/** @param {string} key @returns {Promise<Session>} */
export async function signIn(key) {
  const session = await request('POST', SESSION_PATH, JSON.stringify({ key }));
  beginSession();
  return heard(session);
}

export const signOut = () => request('DELETE', SESSION_PATH);

/** Milliseconds for which the socket waits to hear who is signed in. */
const WAIT_MS = 1_000;

/** The address of the statistics socket, once somebody is signed in; the browser sends the session with it. */
export async function socketAddress() {
  // A service that does not answer must not keep the socket from saying what is wrong.
  const heardOrLate = () => Promise.race([getSession(), new Promise((late) => setTimeout(late, WAIT_MS))]);
  if (!hasHeard || isSignedOut()) await heardOrLate().catch(() => {});
  if (isSignedOut()) throw notSignedIn();
  return `${ROOT}/ws/stats`;
}
