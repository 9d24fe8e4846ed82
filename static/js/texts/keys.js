/* Texts of the API keys: list, form, actions; and of who is signed in. */

import { plural } from '../lib/format.js';

export const ABOUT = 'Who may call this service, and what they may do.';
export const OPEN = 'No key is needed: everybody who reaches this address may do everything. The first key you create changes that.';
export const NEW = 'New key';
export const COLUMNS = ['Key', 'Role', 'Reaches', 'Last used', 'Made', 'Expires', ''];
export const EVERYTHING = 'everything';
export const NEVER = 'never';
export const FROM_SETTING = 'from API_KEYS';
export const EXPIRED = 'expired';
/** @param {number} rate */
export const rate = (rate) => (rate >= 1 ? `${plural(rate, 'request')} a second` : `1 request in ${Math.round(1 / rate)} s`);
/** @param {string} who */
export const by = (who) => `by ${who}`;
/** @type {Record<string, string>} */
export const ROLES = {
  viewer: 'reads', submitter: 'reads, submits', operator: 'reads, submits, steers', admin: 'everything, also keys and webhooks',
};

export const FORM = {
  name: 'who or what uses it', queues: 'separated by spaces; empty: all', types: 'separated by spaces; empty: all',
  days: 'days until it expires; empty: never', rate: 'requests a second; empty: no limit', create: 'Create key',
};
export const SECRET = 'The new key';
export const SECRET_ONCE = 'Copy it now: it isn’t shown again. Programs send it as Authorization: Bearer <key>.';
export const SECRET_DONE = 'I copied it';
/** @param {string} why */
export const notCreated = (why) => `Not created. ${why}`;
/** @param {string} name */
export const created = (name) => `Key ${name} created.`;
export const REVOKE = 'Revoke';
export const REVOKE_ASK = {
  /** @param {string} name */ title: (name) => `Revoke ${name}?`,
  text: 'Within two seconds it stops working, and its sessions and streams end. This can’t be undone.',
};
/** @param {string} name */
export const revoked = (name) => `${name} is revoked.`;

export const REJECTED = 'This key was rejected. Enter a valid one.';
/** @param {string} name */
export const signOut = (name) => `Sign out ${name}`;
/** @type {Record<string, string>} why buttons are missing, by role */
export const LACKS = {
  viewer: 'You are signed in as a viewer: you can read, and nothing else.',
  submitter: 'You are signed in as a submitter: you can read and submit, but not cancel, retry or change.',
};
/** @param {string} reach */
export const limitedTo = (reach) => `Your key reaches ${reach} only.`;
