import assert from 'node:assert/strict';
import { test } from 'node:test';

import { movedTo, NO_PAGE, readRoute, tasksUrl } from '../../static/js/lib/router.js';
import { extend, renew, undoable } from '../../static/js/state/audit_entries.js';
import { historyOf, totalsOf } from '../../static/js/state/history.js';
import { auditFilter, logFilter, queueOf, scheduleFilter, spanOf } from '../../static/js/state/page_filters.js';
import { freeName } from '../../static/js/state/functions.js';
import { definitionOf, inUnits, shown } from '../../static/js/state/schedules.js';
import { isTerminal, look, stateNamed, TASK_STATES, wordsOf } from '../../static/js/state/task_state.js';

test('the name of a first function is that of no file that is there', () => {
  const beside = (...paths) => paths.map((path) => ({ path, reason: 'it has no handler' }));
  assert.equal(freeName('hello', []), 'hello');
  assert.equal(freeName('hello', beside('/f/hello.py', '/f/other.py')), 'hello2');
  assert.equal(freeName('hello', beside('/f/hello', '/f/hello2.py')), 'hello3');
});

test('what is unknown in an address counts as none', () => {
  assert.deepEqual([spanOf({ span: '7d' }), spanOf({ span: 'toString' }), spanOf({})], ['7d', '15m', '15m']);
  assert.deepEqual([queueOf({ queue: 'low' }), queueOf({ queue: 'x' })], ['low', '']);
  assert.deepEqual(auditFilter({ action: 'constructor' }), { action: '' });
  assert.deepEqual(logFilter({ queue: 'x', level: 'loud' }), { queue: '', level: '', type: '' });
  assert.equal(scheduleFilter({ sort: 'x' }).order, 'name');
});

test('an address is a page, a task over the page beneath it, or none', () => {
  const read = (path, view = '', item = null) =>
    readRoute(new URL(path, 'http://here'), ['overview', 'tasks', 'queues', 'functions'], { view, item });
  assert.equal(read('/').view, 'overview');
  assert.deepEqual([read('/tasks/1', 'queues').view, read('/tasks/1', 'queues').taskId], ['queues', '1']);
  assert.deepEqual([read('/nonsense').view, read('/queues/high').view, read('/tasks/1/x').view], [NO_PAGE, NO_PAGE, NO_PAGE]);
  assert.deepEqual([read('/functions/a%20b').view, read('/functions/a%20b').item], ['functions', 'a b']);
  assert.equal(read('/functions/a/b').view, NO_PAGE);
  assert.deepEqual([read('/tasks/1', 'functions', 'hello').view, read('/tasks/1', 'functions', 'hello').item], ['functions', 'hello']);
  assert.equal(read('/tasks?state=FAILURE&queue=low').search.q, 'state:failure queue:low');
  assert.equal(movedTo(new URL('http://here/?q=a#/tasks')), '/tasks?q=a');
  assert.equal(tasksUrl({ q: 'a b', state: 'FAILURE' }), '/tasks?q=a+b+state:failure');
});

test('a fresh page of the audit is joined to older ones only where they overlap', () => {
  const page = (...ids) => ({ entries: ids.map((id) => ({ id })), next_cursor: ids.at(-1) });
  const held = extend(renew(undefined, page(5, 4)), page(4, 3));
  assert.deepEqual(held.entries.map(({ id }) => id), [5, 4, 3]);
  assert.deepEqual(renew(held, page(6, 5)).entries.map(({ id }) => id), [6, 5, 4, 3]);
  assert.deepEqual(renew(held, page(9, 8)).entries.map(({ id }) => id), [9, 8]);
});

test('an action can be undone until its time is over, and once', () => {
  const entry = { undo_id: 'u', undo_until: '2030-01-01T00:00:00Z', undone_at: null };
  const at = Date.parse('2030-01-01T00:00:00Z');
  assert.deepEqual([undoable(entry, at - 1), undoable(entry, at), undoable({ ...entry, undone_at: 'x' }, at - 1)], [true, false, false]);
});

test('a history is shown for the span that it was read for', () => {
  const state = { facts: { history: { key: '1h', value: { queues: [{ queue: 'low', totals: 7 }] } } } };
  assert.equal(totalsOf(historyOf(state, '1h'), 'low'), 7);
  assert.equal(totalsOf(historyOf(state, '1h'), 'high'), undefined);
  assert.equal(historyOf(state, '24h'), undefined);
});

test('schedules with a problem stand first, then the rest in their order', () => {
  const schedule = (name, more = {}) => ({ name, task_type: 't', queue: 'low', tags: [], problem: null, next_run_at: null, ...more });
  const all = [schedule('b', { next_run_at: '2030-01-01T00:00:00Z' }), schedule('a'), schedule('z', { problem: 'x', tags: ['Fine'] })];
  const names = (order, text) => shown(all, order, text).map(({ name }) => name);
  assert.deepEqual([names('name', ''), names('next', ''), names('name', ' fine ')], [['z', 'a', 'b'], ['z', 'b', 'a'], ['z']]);
});

test('the definition of a schedule keeps each digit of its payload', () => {
  const big = '{"id": 9007199254740993}';
  const schedule = { name: 'n', task_type: 't', queue: 'low', payload: big, tags: [], cron: null, every_s: 90, timezone: 'UTC',
    run_at: null, overlap: true, paused: false };
  const text = definitionOf(schedule);
  assert.ok(text.includes(big) && JSON.parse(text).every_s === 90 && !('cron' in JSON.parse(text)));
  const once = JSON.parse(definitionOf({ ...schedule, every_s: null, run_at: '2099-01-01T08:00:00Z' }));
  assert.deepEqual([once.run_at, 'every_s' in once], ['2099-01-01T08:00:00Z', false]);
  assert.deepEqual([inUnits(90), inUnits(120), inUnits(172_800)], [[90, 'second'], [2, 'minute'], [2, 'day']]);
});

test('every word for a state means that state', () => {
  for (const state of Object.keys(TASK_STATES)) for (const word of wordsOf(state)) assert.equal(stateNamed(word.toUpperCase()), state);
  assert.equal(stateNamed('nothing'), null);
  assert.deepEqual([look('NEW').label, isTerminal({ status: 'NEW' }), isTerminal({ status: 'EXPIRED' })], ['NEW', false, true]);
});
