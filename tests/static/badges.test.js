import assert from 'node:assert/strict';
import { test } from 'node:test';

import { badgesOf } from '../../static/js/state/badges.js';

const NOW = Date.parse('2030-01-01T00:10:00Z');
const queue = (name, more = {}) => ({ queue: name, queued: 0, consumers: 1, paused: false, draining: false, set_aside: 0, ...more });

function badges({ queues = [queue('low')], facts = {}, view = 'overview', problem = null } = {}) {
  const read = Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, { value }]));
  return badgesOf({ stats: { queues }, problem, socket: 'open', now: NOW, skew: 0, facts: read, route: { view } });
}
const words = (found) => Object.fromEntries(Object.entries(found).map(([page, badge]) => [page, badge.words]));

test('while all is well no link has a badge', () => {
  assert.deepEqual(badges({ facts: { causes: [], schedules: [{ problem: null, paused: false }] } }), {});
});

test('new causes, stopped queues and those without a consumer are counted', () => {
  const cause = (at) => ({ first_seen: at, last_seen: at, queues: ['low'], count: 1, task_types: ['t'], fingerprint: 'f' });
  const found = badges({
    queues: [queue('high', { paused: true }), queue('default', { draining: true }), queue('low', { consumers: 0 })],
    facts: { causes: [cause('2030-01-01T00:09:00Z'), cause('2030-01-01T00:08:00Z'), cause('2029-12-31T00:00:00Z')] },
  });
  assert.deepEqual(words(found), {
    failures: '2 new causes', queues: '2 paused or draining', workers: '1 queue without a consumer', overview: 'needs a look',
  });
  assert.deepEqual(found.overview, { number: null, tone: 'bad', words: 'needs a look' });
});

test('a cause that the headline names is counted like any other', () => {
  const cause = { first_seen: '2030-01-01T00:09:50Z', last_seen: '2030-01-01T00:09:59Z', queues: ['low'], count: 9, fingerprint: 'f' };
  const failing = queue('low', { last_minute: { done: 9, failed: 9, failure_rate: 1 } });
  assert.equal(badges({ queues: [failing], facts: { causes: [cause] } }).failures.words, '1 new cause');
});

test('a schedule that cannot run is counted, one that somebody paused is not', () => {
  const schedules = [{ problem: 'x', paused: false }, { problem: 'x', paused: true }, { problem: null, paused: false }];
  assert.deepEqual(words(badges({ facts: { schedules } })), { schedules: '1 cannot run' });
  const functions = { functions: [{ state: 'Failed' }, { state: 'Active' }, { state: 'Installing' }] };
  assert.deepEqual(words(badges({ facts: { functions } })), { functions: '1 cannot run' });
});

test('a consumer is silent only where it is read all the time', () => {
  const consumers = [{ last_seen_at: '2030-01-01T00:09:00Z' }, { last_seen_at: '2030-01-01T00:09:55Z' }];
  assert.deepEqual(words(badges({ facts: { consumers }, view: 'workers' })), { workers: '1 silent consumer' });
  assert.deepEqual(badges({ facts: { consumers } }), {});
  const away = badges({ facts: { consumers }, view: 'workers', problem: { code: 'redis_unavailable', text: '' } });
  assert.deepEqual(Object.keys(away), ['overview'], 'while Redis is away nobody hears heartbeats');
});

test('what was known before the server went away is not judged', () => {
  const found = badges({ queues: [queue('low', { paused: true })], problem: { code: 'unreachable', text: '' } });
  assert.deepEqual(Object.keys(found), ['overview']);
});
