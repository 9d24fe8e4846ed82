/* Limits of a task type as data: what the form has fields for, and the body that it sends. Pure. */

import { jsonObject } from './schedules.js';

/**
 * @typedef {{concurrency: number|null, rate: number|null, per: number|null, by: string|null}} Limit
 * @typedef {Limit & {task_type: string, source?: string|null, declared?: Limit|null}} Limits what holds; `declared`: by the code
 * @typedef {{name: 'concurrency'|'rate'|'per'|'by', kind: 'integer'|'seconds'|'text'}} LimitField
 */

/** The fields of the form, in its order; their words are in texts/task_types.js under the same names. @type {LimitField[]} */
export const LIMIT_FIELDS = [
  { name: 'concurrency', kind: 'integer' }, { name: 'rate', kind: 'integer' }, { name: 'per', kind: 'seconds' },
  { name: 'by', kind: 'text' },
];

/** Whether anything is limited. @param {Limit} limits */
export function isLimited({ concurrency, rate }) {
  return concurrency !== null || rate !== null;
}

/**
 * The body of a change: what is left empty is left out, and a time without a rate says nothing.
 * @param {Record<string, string|null>} members values as JSON texts
 */
export function limitsBody(members) {
  const given = Object.entries(members).filter(([name, text]) => text !== null && (name !== 'per' || members.rate !== null));
  return jsonObject(/** @type {Record<string, string>} */ (Object.fromEntries(given)));
}
