/* A form that is open while somebody else changes what it shows: what is new, and the draft on top of
   that. Members are JSON texts, compared digit for digit; a payload is merged member by member. Pure. */

import { membersOf, TOKEN } from '../lib/json_text.js';
import { jsonObject } from './schedules.js';

/** @typedef {Record<string, string> & {payload: string}} Members */

/**
 * What differs, by name; a member of the payload is `payload.<name>`. What is not there is ''.
 * @param {Members} before
 * @param {Members} after
 * @returns {{name: string, from: string, to: string}[]}
 */
export function changesBetween(before, after) {
  const [from, to] = isReadable(before) && isReadable(after) ? [flat(before), flat(after)] : [before, after];
  return namesOf(from, to).filter((name) => !same(from[name], to[name]))
    .map((name) => ({ name, from: from[name] ?? '', to: to[name] ?? '' }));
}

/**
 * The draft on top of what is new: what its author has not touched is as the others made it.
 * @param {Members} before what the draft began with
 * @param {Members} mine
 * @param {Members} theirs
 * @returns {Members}
 */
export function rebased(before, mine, theirs) {
  const merged = /** @type {Members} */ (merge(before, mine, theirs));
  if (![before, mine, theirs].every(isReadable)) return merged;
  const [base, own, other] = [before, mine, theirs].map(({ payload }) => membersOf(payload));
  return { ...merged, payload: jsonObject(merge(base, own, other)) };
}

/** @param {Record<string, string>} before @param {Record<string, string>} mine @param {Record<string, string>} theirs */
function merge(before, mine, theirs) {
  const chosen = namesOf(theirs, mine).map((name) => [name, same(mine[name], before[name]) ? theirs[name] : mine[name]]);
  return /** @type {Record<string, string>} */ (Object.fromEntries(chosen.filter(([, text]) => text !== undefined)));
}

const flat = ({ payload, ...others }) => ({
  ...Object.fromEntries(Object.entries(membersOf(payload)).map(([name, text]) => [`payload.${name}`, text])), ...others,
});

const namesOf = (...each) => [...new Set(each.flatMap((members) => Object.keys(members)))];

const same = (a, b) => tokensOf(a) === tokensOf(b);
const tokensOf = (source) => (source ?? '').match(TOKEN)?.join('') ?? '';

/** Whether the payload is an object: one that is being typed may be none yet. */
function isReadable({ payload }) {
  try {
    const value = JSON.parse(payload);
    return Boolean(value) && typeof value === 'object' && !Array.isArray(value);
  } catch {
    return false;
  }
}
