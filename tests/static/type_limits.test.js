import assert from 'node:assert/strict';
import { test } from 'node:test';

import { inUnits } from '../../static/js/state/schedules.js';
import { isHeldBack, isLimited, limitsBody, USUAL_BREAKER } from '../../static/js/state/type_limits.js';
import { LIMIT_WORDS } from '../../static/js/texts/task_types.js';

const NONE = { concurrency: null, rate: null, per: null, by: null, breaker: null, fair_by: null };
const words = (more) => LIMIT_WORDS.breaker({ breaker: { ...USUAL_BREAKER, ...more } }, inUnits);

test('limits that are left empty are left out, and so is a time without a rate', () => {
  assert.equal(limitsBody({ concurrency: '2', rate: null, per: '60', by: null, breaker: null }), '{"concurrency":2}');
  assert.equal(limitsBody({ concurrency: null, rate: '5', per: '60', by: '"to"', breaker: '{"of":9}' }),
    '{"rate":5,"per":60,"by":"to","breaker":{"of":9}}');
});

test('a number of tasks, a rate and a breaker are limits, a field to tell values apart is none', () => {
  assert.equal(isLimited({ ...NONE, by: 'to' }), false);
  for (const limit of [{ concurrency: 1 }, { rate: 1, per: 1 }, { breaker: USUAL_BREAKER }, { fair_by: 'to' }]) {
    assert.equal(isLimited({ ...NONE, ...limit }), true, JSON.stringify(limit));
  }
});

test('a breaker reads as a sentence', () => {
  assert.equal(words({}),
    'held back when half of the last 20 attempts fail within 1 minute: for 30 seconds, then until 3 attempts succeed');
  assert.equal(words({ failures: 0.29, of: 1000, within_s: 0.5, pause_s: 7200, tries: 1 }),
    'held back when 29 % of the last 1,000 attempts fail within 0.5 seconds: for 2 hours, then until 1 attempt succeeds');
  assert.match(words({ failures: 1 }), /^held back when all of the last 20 attempts fail/);
});

test('a type is held back when its breaker is open in any queue', () => {
  const stats = /** @type {any} */ ({ queues: [{ open_breakers: [] }, { open_breakers: ['a', 'b'] }] });
  assert.deepEqual(['a', 'b', 'c'].map((name) => isHeldBack(name, stats)), [true, true, false]);
  assert.equal(isHeldBack('a', null), false);
});
