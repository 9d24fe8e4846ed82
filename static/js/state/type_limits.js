/* Limits of a task type as data: what the form has fields for, and the body that it sends. Pure. */

import { jsonObject } from './schedules.js';

/**
 * @typedef {{concurrency: number|null, rate: number|null, per: number|null, by: string|null,
 *   breaker: Breaker|null, fair_by: string|null}} Limit
 * @typedef {{failures: number, of: number, within_s: number, pause_s: number, tries: number}} Breaker
 * @typedef {{value: string|null, state: 'closed'|'open'|'half_open', failed: number, of: number, until: string|null,
 *   succeeded: number}} BreakerState `failed` of the last `of` attempts: lately, or those that opened it
 * @typedef {Limit & {task_type: string, source?: string|null, updated_at?: string|null, declared?: Limit|null,
 *   breakers?: BreakerState[]}} Limits what holds; `declared`: by the code
 * @typedef {{name: string, kind: 'integer'|'number'|'seconds'|'text'}} LimitField
 */

/** The fields of the form, in its order; their words are in texts/task_types.js under the same names. @type {LimitField[]} */
export const LIMIT_FIELDS = [
  { name: 'concurrency', kind: 'integer' }, { name: 'rate', kind: 'integer' }, { name: 'per', kind: 'seconds' },
  { name: 'by', kind: 'text' }, { name: 'fair_by', kind: 'text' },
];

/** The fields of its breaker, in the same way. @type {LimitField[]} */
export const BREAKER_FIELDS = [
  { name: 'failures', kind: 'number' }, { name: 'of', kind: 'integer' }, { name: 'within_s', kind: 'seconds' },
  { name: 'pause_s', kind: 'seconds' }, { name: 'tries', kind: 'integer' },
];

/** What the API takes for the fields of a breaker that are left out. @type {Breaker} */
export const USUAL_BREAKER = { failures: 0.5, of: 20, within_s: 60, pause_s: 30, tries: 3 };

/** Whether anything is limited. @param {Limit} limits */
export function isLimited({ concurrency, rate, breaker, fair_by: fair }) {
  return concurrency !== null || rate !== null || breaker !== null || fair !== null;
}

/**
 * Whether the breaker of a type holds tasks back now, in any queue.
 * @param {string} name of the task type
 * @param {import('./records.js').Stats|null} stats
 */
export function isHeldBack(name, stats) {
  return Boolean(stats?.queues.some(({ open_breakers: open }) => open?.includes(name)));
}

/**
 * The body of a change: what is left empty is left out, and a time without a rate says nothing.
 * @param {Record<string, string|null>} members values as JSON texts
 */
export function limitsBody(members) {
  const given = Object.entries(members).filter(([name, text]) => text !== null && (name !== 'per' || members.rate !== null));
  return jsonObject(/** @type {Record<string, string>} */ (Object.fromEntries(given)));
}
