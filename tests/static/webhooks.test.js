import assert from 'node:assert/strict';
import { test } from 'node:test';

import { changedMembers, lastSent, ordered, webhookState } from '../../static/js/state/webhooks.js';

const EARLY = '2030-01-01T00:00:00Z';
const LATE = '2030-01-01T00:00:01+00:00';
const webhook = (id, more = {}) => /** @type {any} */ ({
  id, url: 'https://example.com', enabled: true, failing_since: null, created_at: EARLY,
  last_success_at: null, last_failure_at: null, ...more,
});

test('a disabled webhook is not failing, whatever happened before', () => {
  assert.equal(webhookState(webhook('a')), 'active');
  assert.equal(webhookState(webhook('a', { failing_since: EARLY })), 'failing');
  assert.equal(webhookState(webhook('a', { failing_since: EARLY, enabled: false })), 'disabled');
});

test('what needs a look comes first, behind that of tasks with a webhook_url', () => {
  const all = [webhook('late', { created_at: LATE }), webhook('early'), webhook('off', { enabled: false }),
    webhook('bad', { failing_since: EARLY }), webhook('tasks', { url: null, created_at: null })];
  assert.deepEqual(ordered(all).map(({ id }) => id), ['tasks', 'bad', 'off', 'early', 'late']);
  assert.equal(all[0].id, 'late');
});

test('the last time that something was sent is the later one', () => {
  assert.equal(lastSent(webhook('a')), null);
  assert.equal(lastSent(webhook('a', { last_failure_at: EARLY })), EARLY);
  assert.equal(lastSent(webhook('a', { last_success_at: LATE, last_failure_at: EARLY })), LATE);
});

test('a change sends what was changed, a new one everything', () => {
  const first = { url: '"a"', tags: '[]' };
  assert.equal(changedMembers({ url: '"b"', tags: '[]' }, first), '{"url":"b"}');
  assert.equal(changedMembers(first, first), '{}');
  assert.equal(changedMembers(first), '{"url":"a","tags":[]}');
});
