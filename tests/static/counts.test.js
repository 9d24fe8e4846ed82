import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ENDS, everEnded, isRetryable, listed, TASK_STATES } from '../../static/js/state/task_state.js';
import { measuredOver, pace } from '../../static/js/state/pace.js';
import { busiest } from '../../static/js/state/history.js';
import { isBusy } from '../../static/js/state/workers.js';
import * as states from '../../static/js/texts/states.js';

const QUEUE = /** @type {any} */ ({
  queue: 'low', queued: 1, active: 2, retry: 3, scheduled: 4, success: 1000, failed: 200, revoked: 30, expired: 4,
  kept: { success: 50, failed: 6, revoked: 7, expired: 0 },
});

test('a count of a state is what its list can show', () => {
  assert.deepEqual(Object.keys(TASK_STATES).map((state) => listed(QUEUE, state)), [1, 2, 3, 4, 50, 6, 7, 0]);
  assert.deepEqual(ENDS.map((state) => everEnded(QUEUE, state)), [1000, 200, 30, 4]);
});

test('little time makes no rate', () => {
  const minute = (seconds, ended) => /** @type {any} */ ({ seconds, per_s: ended / seconds });
  const words = (about) => `${pace(about)} ${measuredOver(about)[0]}`;
  assert.equal(words(minute(3.75, 2)), '2 in 4 s');
  assert.equal(words(minute(59.9, 30)), '30 in 1 min 00 s');
  assert.equal(words(minute(90, 180)), '2/s in 1 min 30 s');
  assert.equal(words(minute(60, 32)), '32/min last min');
  assert.equal(words(minute(10, 0)), '0 in 10 s');
  assert.equal(pace(minute(1, 0)), '–', 'a queue without a task yet');
});

test('the lists of states come from one', () => {
  assert.deepEqual(Object.keys(TASK_STATES), Object.keys(states.STATES));
  assert.deepEqual(ENDS, ['SUCCESS', 'FAILURE', 'REVOKED', 'EXPIRED']);
  assert.deepEqual(Object.keys(TASK_STATES).filter(isRetryable), ['FAILURE', 'REVOKED', 'EXPIRED']);
});

test('a worker is busy also with a task that the key does not reach', () => {
  assert.ok(isBusy({ started_at: '2030-01-01T00:00:00Z' }));
  assert.ok(!isBusy({ started_at: null }));
});

test('of very many task types the overview lists the busiest', () => {
  const totals = (n) => ({ submitted: n < 45 ? 1 : 0, succeeded: 0, failed: 0 });
  const types = Array.from({ length: 50 }, (_, n) => ({ task_type: `t${n}`, totals: totals(n) }));
  const { shown, others } = busiest(types);
  assert.deepEqual([shown[0].task_type, shown.length, others], ['t0', 20, 25]);
  assert.equal(busiest(types.slice(0, 3)).others, 0);
});
