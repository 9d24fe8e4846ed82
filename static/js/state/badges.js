/* The number that matters beside the link of a page: what is new, stopped or cannot run. Pure. */

import { conditions, freshCauses } from './conditions.js';
import { BADGES } from '../texts/shell.js';
import { serverNow } from './page_state.js';

/**
 * @typedef {{number: number|null, tone: 'warn'|'bad', words: string}} Badge `number` null: a dot
 * @typedef {import('./store.js').State} State
 */

/** A consumer without a heartbeat for this time is silent. */
const SILENT_S = 10;
const TONES = { broken: 'bad', losing: 'bad', late: 'warn', stopped: 'warn' };

/**
 * @param {State} state
 * @returns {Record<string, Badge>} by page; a page about which there is nothing to say has none
 */
export function badgesOf(state) {
  const { stats, problem, socket, facts } = state;
  const seen = { stats, problem, socket, now: serverNow(state), causes: facts.causes?.value ?? [] };
  const found = conditions(seen);
  const missing = found.find(({ code }) => code === 'no_consumer')?.queues.length ?? 0;
  /** @type {[string, number, 'warn'|'bad', (n: number) => string][]} */
  const counts = [
    ['failures', stats && !problem ? freshCauses(seen).length : 0, 'bad', BADGES.failures],
    ['schedules', stuck(facts.schedules?.value), 'bad', BADGES.schedules],
    ['functions', broken(facts.functions?.value), 'bad', BADGES.functions],
    ['queues', found.filter(({ severity }) => severity === 'stopped').length, 'warn', BADGES.queues],
    ['workers', missing || silent(state), 'bad', missing ? BADGES.missing : BADGES.silent],
  ];
  const badges = Object.fromEntries(counts.filter(([, number]) => number > 0)
    .map(([page, number, tone, words]) => [page, { number, tone, words: words(number) }]));
  const tone = found.length ? TONES[found[0].severity] : null;
  return tone ? { ...badges, overview: { number: null, tone, words: BADGES.overview } } : badges;
}

/** Schedules that submit no task although they are not paused. */
function stuck(schedules = []) {
  return schedules.filter(({ problem, paused }) => problem && !paused).length;
}

/** Functions that cannot run; those that were listed last. */
function broken(value) {
  return value?.functions.filter(({ state }) => state === 'Failed').length ?? 0;
}

/** Consumers without a recent heartbeat; 0 on pages that do not read them. */
function silent(state) {
  if (state.route.view !== 'workers') return 0;
  return (state.facts.consumers?.value ?? []).filter((consumer) => isSilent(consumer, state)).length;
}

/**
 * Whether a consumer has sent no heartbeat for too long. While the service does not answer nobody knows.
 * @param {{last_seen_at: string}} consumer
 * @param {State} state
 */
export function isSilent({ last_seen_at: at }, state) {
  if (state.problem ?? state.facts.consumers?.problem) return false;
  return serverNow(state) - Date.parse(at) > SILENT_S * 1000;
}
