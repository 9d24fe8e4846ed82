/* Searches that the reader keeps under a name, in localStorage of this browser, and a few that come
   with the page. What is stored is read like anything from outside: what does not fit is left out. */

import { visible } from '../lib/json_text.js';
import { READY_MADE_NAMES } from '../texts/tasks.js';

const PLACE = 'duckline-searches';
const MOST = 100;
const LONGEST_SEARCH = 1_000;
export const LONGEST_NAME = 60;

/** @typedef {{name: string} & import('../state/records.js').Search} SavedSearch */

/** @type {SavedSearch[]} */
export const READY_MADE = [
  [READY_MADE_NAMES.failed, 'state:failed age:<1h'], [READY_MADE_NAMES.long, 'state:running dur:>1m'],
  [READY_MADE_NAMES.waiting, 'state:pending wait:>1m'], [READY_MADE_NAMES.retrying, 'state:retry'],
].map(([name, q]) => ({ name, q, from: '', to: '' }));

/** What the browser would not store: it lasts as long as this page. @type {SavedSearch[]|null} */
let unstored = null;

let blocked = false;

/** Those of the reader, by name. @returns {SavedSearch[]} */
export function savedSearches() {
  return unstored ?? read();
}

/** Whether what was saved last is stored; in a private window or a full storage it is not. */
export function areStored() {
  return unstored === null && !blocked;
}

/**
 * Save a search, in place of one of the same name.
 * @param {string} name
 * @param {import('../state/records.js').Search} search
 * @returns {boolean} false when there are too many
 */
export function saveSearch(name, { q, from, to }) {
  const others = savedSearches().filter((each) => each.name !== cleanName(name));
  if (others.length >= MOST) return false;
  write([...others, { name, q, from, to }]);
  return true;
}

/** @param {string} name @param {string} next */
export function renameSearch(name, next) {
  write(savedSearches().map((each) => (each.name === name ? { ...each, name: next } : each)));
}

/** @param {string} name */
export function forgetSearch(name) {
  write(savedSearches().filter((each) => each.name !== name));
}

/** A name as it is kept: on one line, with invisible characters made visible. @param {string} name */
export function cleanName(name) {
  const line = visible(name.slice(0, 10 * LONGEST_NAME)).replace(/\s+/g, ' ').trim();
  return [...line].slice(0, LONGEST_NAME).join('').trim();
}

function read() {
  try {
    return fitting(JSON.parse(stored() ?? '[]'));
  } catch {
    return []; // not JSON: another program wrote it
  }
}

function stored() {
  try {
    return localStorage.getItem(PLACE);
  } catch {
    blocked = true;
    return null;
  }
}

function write(searches) {
  const kept = fitting(searches);
  try {
    localStorage.setItem(PLACE, JSON.stringify(kept));
    unstored = null;
  } catch {
    unstored = kept;
  }
}

/** @param {any} found @returns {SavedSearch[]} */
function fitting(found) {
  const byName = new Map();
  for (const each of Array.isArray(found) ? found : []) {
    const texts = [each?.name, each?.q, each?.from, each?.to];
    if (!texts.every((text) => typeof text === 'string') || each.q.length > LONGEST_SEARCH) continue;
    const name = cleanName(each.name);
    if (name && isInstant(each.from) && isInstant(each.to)) byName.set(name, { name, q: each.q, from: each.from, to: each.to });
  }
  return [...byName.values()].slice(0, MOST).sort((a, b) => a.name.localeCompare(b.name));
}

function isInstant(text) {
  return text === '' || (text.length < 40 && !Number.isNaN(Date.parse(text)));
}
