import assert from 'node:assert/strict';
import { test } from 'node:test';

import { initialState, serverNow } from '../../static/js/state/page_state.js';
import { createStore, reduce } from '../../static/js/state/store.js';
import { newcomers } from '../../static/js/state/search_results.js';
import { rows } from '../../static/js/state/latest_tasks.js';

const NOW = Date.parse('2030-01-01T00:00:00Z');
const ROUTE = { view: 'tasks', taskId: null, form: '', search: { q: '', from: '', to: '' }, params: {} };

const after = (...actions) => actions.reduce(reduce, initialState(NOW));
const task = (id, more = {}) => ({ task_id: id, status: 'PENDING', submitted_at: `2030-01-01T00:00:0${id}Z`, ...more });
const answer = (...tasks) => ({ tasks, next_cursor: null, scanned: tasks.length, complete: true, scanned_back_to: null });
const frame = (at, queue = {}) => ({ type: 'frame', at: NOW,
  frame: { ts: at, queues: [{ queue: 'low', paused: false, draining: false, ...queue }] } });

test('a frame sets the clock of the server and ends a problem', () => {
  const state = after({ type: 'problem', problem: { code: 'x', text: '' } }, frame('2030-01-01T00:00:05Z'));
  assert.equal(serverNow(state), NOW + 5_000);
  assert.equal(state.problem, null);
});

test('a frame from before an operator changed a queue does not take the change back', () => {
  const changed = { type: 'queueChanged', queue: 'low', paused: true, draining: false, ts: '2030-01-01T00:00:02Z' };
  const paused = (at) => after(frame('2030-01-01T00:00:00Z'), changed, frame(at)).stats?.queues[0].paused;
  assert.equal(paused('2030-01-01T00:00:01Z'), true);
  assert.equal(paused('2030-01-01T00:00:03Z'), false);
});

test('an action that changes nothing wakes nobody', () => {
  const store = createStore(initialState(NOW));
  let woken = 0;
  store.subscribe(() => { woken += 1; });
  store.dispatch({ type: 'hold', held: false });
  store.dispatch({ type: 'question', question: null, only: { title: 'another' } });
  assert.equal(woken, 0);
  store.dispatch({ type: 'ui', set: { menu: true } });
  assert.equal(woken, 1);
});

test('another search forgets what was found and chosen, another page does not forget the task', () => {
  const found = after({ type: 'route', route: ROUTE }, { type: 'found', answer: answer(task(1)) },
    { type: 'select', selection: { ids: new Set([1]), anchor: 1, everything: false } });
  assert.deepEqual(found.found.rows, [1]);
  const opened = reduce(found, { type: 'route', route: { ...ROUTE, taskId: 1 } });
  assert.equal(opened.task.record?.task_id, 1);
  assert.deepEqual(opened.found.rows, [1]);
  const other = reduce(opened, { type: 'route', route: { ...ROUTE, search: { q: 'x', from: '', to: '' } } });
  assert.deepEqual([other.found.rows, other.selection.ids.size], [[], 0]);
});

test('the question whether to cancel goes when the task has ended', () => {
  const asking = after({ type: 'cancel', id: 1, step: 'asking' });
  assert.equal(reduce(asking, { type: 'tasks', tasks: [task(1)] }).cancels[1], 'asking');
  assert.equal(reduce(asking, { type: 'tasks', tasks: [task(1, { status: 'SUCCESS' })] }).cancels[1], undefined);
});

test('while rows are held newcomers wait, and come in when they are let in', () => {
  const held = after({ type: 'route', route: ROUTE }, { type: 'found', answer: answer(task(1)) },
    { type: 'holdFound', reason: 'pointer', on: true }, { type: 'found', answer: answer(task(2), task(1)) });
  assert.deepEqual([held.found.rows, newcomers(held.found)], [[1], 1]);
  const freed = reduce(held, { type: 'holdFound', reason: 'pointer', on: false });
  assert.deepEqual([freed.found.rows, newcomers(freed.found)], [[2, 1], 0]);
});

test('the short list keeps the places of its rows while it is held', () => {
  const held = after({ type: 'tasks', tasks: [task(1)] }, { type: 'hold', held: true }, { type: 'tasks', tasks: [task(2)] });
  assert.deepEqual(rows(held.list).map(({ task_id: id }) => id), [1]);
  assert.deepEqual(rows(reduce(held, { type: 'release' }).list).map(({ task_id: id }) => id), [2, 1]);
});

test('a fact that could not be read again stays, unless something else was asked for', () => {
  const read = after({ type: 'fact', name: 'history', key: '1h', value: 7 });
  const failed = (key) => reduce(read, { type: 'fact', name: 'history', key, problem: { code: 'x', text: '' } }).facts.history.value;
  assert.deepEqual([failed('1h'), failed('24h')], [7, undefined]);
});

test('at most three toasts are shown, and a dialog that closes late takes no other with it', () => {
  const many = after(...[1, 2, 3, 4].map((id) => ({ type: 'toast', toast: { id, tone: 'good', text: '', undo: null } })));
  assert.deepEqual(many.toasts.map(({ id }) => id), [2, 3, 4]);
  const state = after({ type: 'dialog', dialog: 'help' }, { type: 'dialog', dialog: null, only: 'key' });
  assert.equal(state.dialog, 'help');
});
