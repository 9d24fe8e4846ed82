import assert from 'node:assert/strict';
import { test } from 'node:test';

import { may, mayLimit, mayOpen, maySteer, reachesAll, withinReach } from '../../static/js/state/reach.js';

const TYPES = [{ task_type: 'mail', queue: 'high' }, { task_type: 'report', queue: 'low' }];
/** @returns {any} */
const signedIn = (role, queues = [], names = []) => ({
  taskTypes: TYPES, facts: { session: { value: { role, queues, task_types: names } } },
});
const shown = (state) => withinReach(state).taskTypes?.map(({ task_type: name }) => name);

test('a key that reaches all sees what its role may', () => {
  const submitter = signedIn('submitter');
  assert.ok(reachesAll(submitter) && mayOpen(submitter, 'submit') && mayOpen(submitter, 'audit') && mayLimit(submitter));
  assert.ok(!mayOpen(submitter, 'keys') && !may(submitter, 'operator') && !maySteer(submitter, 'low'));
  assert.equal(withinReach(submitter), submitter);
});

test('a key with task types sees these, and no page of all', () => {
  const mails = signedIn('operator', [], ['mail']);
  assert.deepEqual(shown(mails), ['mail']);
  assert.ok(!mayOpen(mails, 'failures') && mayOpen(mails, 'flows') && mayLimit(mails));
  assert.ok(!maySteer(mails, 'high'), 'a queue has tasks of every type');
});

test('a key with queues sees every type, for these queues', () => {
  const low = signedIn('operator', ['low']);
  assert.deepEqual(shown(low), ['mail', 'report']);
  assert.deepEqual(withinReach(low).taskTypes?.map(({ queues }) => queues), [['low'], ['low']]);
  assert.ok(maySteer(low, 'low') && !maySteer(low, 'high') && !mayLimit(low));
});

test('no type is shown before it is known who looks', () => {
  assert.equal(shown({ taskTypes: TYPES, facts: {} }), undefined);
  assert.deepEqual(shown({ taskTypes: TYPES, facts: { session: { problem: { code: 'unreachable' } } } }), ['mail', 'report']);
});
