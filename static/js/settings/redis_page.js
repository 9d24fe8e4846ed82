/* The inspector's page about Redis: what it holds, and what would lose tasks. */

import { h } from '../lib/dom.js';
import { ago, bytes, coarse, count } from '../lib/format.js';
import { serverNow } from '../state/page_state.js';
import { icon } from '../components/icons.js';
import { facts } from '../components/parts.js';
import { factPage } from '../components/fact_page.js';
import * as texts from '../texts/settings.js';

const KNOWN = new Set(['version', 'mode', 'role', 'uptime_s', 'used_memory_bytes', 'peak_memory_bytes', 'maxmemory_bytes',
  'maxmemory_policy', 'fragmentation_ratio', 'connected_clients', 'blocked_clients', 'ops_per_s', 'commands_processed',
  'evicted_keys', 'expired_keys', 'aof_enabled', 'last_save_at', 'aof_write_ok', 'snapshot_ok', 'keys']);

/** @param {import('../state/store.js').State} state */
export function redisPage(state) {
  return factPage(state, 'redis', 'Redis', texts.REDIS_ABOUT, (redis) => [
    dangers(redis).map(([title, text]) => h('section',
      { class: 'verdict notice', key: title, data: { tone: 'warn', testid: 'redis-warning' } },
      h('span', { class: 'verdict-mark' }, icon('warning')),
      h('div', { class: 'verdict-words' }, h('h2', null, title), h('p', null, text)))),
    h('div', { class: 'cards fact-cards', key: 'cards' }, groups(redis, serverNow(state)).map(([title, pairs, extra]) =>
      h('section', { class: 'card', key: title }, h('h2', null, title), extra, facts(pairs.filter(([, value]) => value !== null))))),
  ]);
}

function dangers({ maxmemory_policy: policy, aof_enabled: aof, evicted_keys: evicted, ...r }) {
  return [
    r.role === 'slave' && [texts.REPLICA, texts.REPLICA_WHY],
    (r.aof_write_ok === false || r.snapshot_ok === false) && [texts.NOT_WRITTEN, texts.NOT_WRITTEN_WHY],
    r.maxmemory_bytes > 0 && r.used_memory_bytes >= r.maxmemory_bytes && [texts.FULL, texts.FULL_WHY],
    policy && policy !== 'noeviction' && [texts.EVICTS,
      texts.evictsWhy(policy)],
    evicted > 0 && [texts.hasEvicted(evicted), texts.HAS_EVICTED_WHY],
    (aof === false || aof === 0) && [texts.NO_AOF,
      texts.NO_AOF_WHY],
  ].filter(Boolean);
}

function groups(r, now) {
  const limit = r.maxmemory_bytes;
  /** @type {[string, [string, import('../lib/dom.js').Children][], import('../lib/dom.js').Children?][]} */
  const all = [
    ['Server', [['Version', r.version], ['Mode', r.mode], ['Role', r.role ?? null], ['Up for', coarse(r.uptime_s)]]],
    ['Memory', [
      ['Used', bytes(r.used_memory_bytes)], ['Peak', bytes(r.peak_memory_bytes)], ['Limit', limit ? bytes(limit) : 'none'],
      ['When full', r.maxmemory_policy], ['Fragmentation', r.fragmentation_ratio ?? null]],
    limit ? gauge(r.used_memory_bytes / limit) : null],
    ['Persistence', [['Append-only file', r.aof_enabled ? 'on' : 'off'],
      ['Last snapshot', r.last_save_at ? ago(r.last_save_at, now) : '–']]],
    ['Clients', [
      ['Connected', count(r.connected_clients)], ['Blocked', r.blocked_clients === undefined ? null : count(r.blocked_clients)],
      ['Commands per second', count(r.ops_per_s)],
      [texts.TOTAL_COMMANDS, r.commands_processed === undefined ? null : count(r.commands_processed)]]],
    ['Keys', [
      ['Keys', count(r.keys)], ['Evicted', r.evicted_keys === undefined ? null : count(r.evicted_keys)],
      ['Expired', r.expired_keys === undefined ? null : count(r.expired_keys)]]],
    ['More', Object.entries(r).filter(([name]) => !KNOWN.has(name)).map(([name, value]) => [name, String(value)])],
  ];
  return all.filter(([, pairs]) => pairs.length);
}

function gauge(share) {
  const percent = Math.round(Math.min(1, share) * 100);
  return h('div', { class: 'progress-track', role: 'meter', 'aria-label': 'Memory used', 'aria-valuenow': percent, 'aria-valuemin': 0,
    'aria-valuemax': 100 },
    h('div', { class: 'progress-fill', style: { width: `${percent}%` } }));
}
