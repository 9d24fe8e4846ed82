import assert from 'node:assert/strict';
import { test } from 'node:test';

import { boxesOf } from '../../static/js/state/flow_boxes.js';
import { drawingOf, MOST_BOXES } from '../../static/js/state/flow_drawing.js';
import { byNeed, canRetry, canRetryFrom, flowFilter, graphOf, isStopping, nodeLook, numbersOf,
  takenFrom } from '../../static/js/state/flows.js';

/** @returns {any} */
const node = (name, after = [], more = {}) => ({
  name, task_type: 'resize', status: 'waiting', task_status: null, task_id: null, attempt: null, error: null, after: [after].flat(),
  on_failure: null, results: {}, ...more,
});
const many = (size, prefix, after = []) => Array.from({ length: size }, (_, i) => node(`${prefix}${i}`, after));
const shown = (nodes) => boxesOf(nodes).boxes.map(({ kind, key, members }) =>
  (members.length > 1 ? `${kind} ${key} ${members.length}` : key));
const columns = (nodes) => drawingOf(nodes).columns.map((column) => column.map(({ box }) => box?.key));

test('each box is behind all that it waits for', () => {
  const nodes = [node('d', ['b', 'c']), node('b', 'a'), node('c', 'b'), node('a')];
  assert.deepEqual(columns(nodes), [['a'], ['b'], ['c'], ['d']]);
});

test('what starts at a failure is behind what may fail, with a line of its own', () => {
  const drawing = drawingOf([node('alarm'), node('load', [], { on_failure: 'alarm' })]);
  assert.deepEqual(drawing.columns.map((column) => column.map(({ box }) => box?.key)), [['load'], ['alarm']]);
  assert.equal(drawing.lines, '');
  assert.match(drawing.rescues, /^M216 42C/);
});

test('more than five nodes of one type, with the same before and behind them, share a box', () => {
  const fan = (size) => [node('load'), ...many(size, 'r', ['load']), node('end', many(size, 'r').map(({ name }) => name))];
  assert.deepEqual(shown(fan(200)), ['load', 'alike r0 200', 'end']);
  assert.deepEqual(shown(fan(5)), ['load', 'r0', 'r1', 'r2', 'r3', 'r4', 'end']);
  const mixed = fan(12).map((each, i) => (i % 2 ? { ...each, task_type: 'other' } : each));
  assert.deepEqual(shown(mixed), ['load', 'alike r0 6', 'alike r1 6', 'end']);
  const guarded = [...fan(12), node('alarm')].map((each) => (each.name === 'r3' ? { ...each, on_failure: 'alarm' } : each));
  assert.deepEqual(shown(guarded), ['load', 'alike r0 11', 'r3', 'end', 'alarm']);
});

test('so do chains beside each other, and not nodes that lead to different boxes', () => {
  const chains = [...many(50, 'a'), ...many(50, 'b').map((each, i) => ({ ...each, after: [`a${i}`] }))];
  assert.deepEqual(shown(chains), ['alike a0 50', 'alike b0 50']);
  const pairs = [...many(10, 'a'), ...many(5, 'b').map((each, i) => ({ ...each, after: [`a${2 * i}`, `a${2 * i + 1}`] }))];
  assert.equal(shown(pairs).length, 15);
});

test('the middle of a long row shares a box, and its ends do not', () => {
  const row = (size) => many(size, 'n').map((each, i) => ({ ...each, after: i ? [`n${i - 1}`] : [] }));
  assert.deepEqual(columns(row(1000)), [['n0'], ['n1'], ['n999']]);
  assert.deepEqual(shown(row(1000)), ['n0', 'n999', 'row n1 998']);
  assert.equal(shown(row(7)).length, 7);
  const guarded = row(20).map((each) => (each.name === 'n9' ? { ...each, on_failure: 'alarm' } : each));
  assert.deepEqual(columns([...guarded, node('alarm')]).flat(), ['n0', 'n1', 'n9', 'n10', 'alarm', 'n11', 'n19']);
});

test('a line over several columns passes beside the boxes between, and no two boxes are in one place', () => {
  const { columns: [, [b]], lines } = drawingOf([node('a'), node('b', 'a'), node('c', ['a', 'b'])]);
  const y = Number(new RegExp(`M${b.x} (\\d+)h${b.width}`).exec(lines)?.[1]);
  assert.ok(y < b.y || y > b.y + b.height, lines);
  const places = drawingOf([node('s'), ...many(5, 'a', ['s']), ...many(4, 'b', ['a0', 'a3'])]).columns;
  for (const column of places) column.reduce((above, each) => (assert.ok(each.y >= above.y + above.height), each));
});

test('too many boxes are not drawn, and counted', () => {
  const different = many(MOST_BOXES + 30, 'n').map((each, i) => ({ ...each, task_type: `t${i}` }));
  assert.equal(drawingOf(different).hidden, 30);
  assert.equal(drawingOf(different).columns.flat().length, MOST_BOXES);
});

test('the graph of a flow is laid out once, whatever happens to its nodes', () => {
  const flow = /** @type {any} */ ({ flow_id: 'x', nodes: [node('a')] });
  const first = graphOf(flow);
  assert.equal(graphOf({ ...flow, nodes: [node('a', [], { status: 'succeeded' })] }), first);
  assert.notEqual(graphOf({ ...flow, flow_id: 'y' }), first);
});

test('a node is shown as its task; one without a task waits for others or was skipped', () => {
  const look = (status, task = null) => nodeLook(node('a', [], { status, task_status: task })).key;
  assert.deepEqual([look('waiting'), look('skipped'), look('submitted', 'RETRY'), look('submitted'), look('failed', 'EXPIRED'),
    look('failed'), look('cancelled'), look('succeeded')],
  ['WAITING', 'SKIPPED', 'RETRY', 'PENDING', 'EXPIRED', 'FAILURE', 'REVOKED', 'SUCCESS']);
});

test('what needs a look is named first', () => {
  const nodes = [node('a', [], { status: 'succeeded' }), node('b'), node('c', [], { status: 'failed' }), node('d')];
  assert.deepEqual(numbersOf(nodes).map(({ key, number }) => `${number} ${key}`), ['1 FAILURE', '2 WAITING', '1 SUCCESS']);
  assert.deepEqual(byNeed(nodes).map(({ name }) => name), ['c', 'b', 'd', 'a']);
});

test('a flow is retried when it has ended, from nodes that have not succeeded', () => {
  const flow = (status, failed) => /** @type {any} */ ({ status, counts: { failed, cancelled: 0 }, cancelled_at: null });
  assert.deepEqual([canRetry(flow('failed', 1)), canRetry(flow('running', 1)), canRetry(flow('succeeded', 0))], [true, false, false]);
  const from = (of, status) => canRetryFrom(flow(of, 1), node('a', [], { status }));
  assert.deepEqual([from('failed', 'failed'), from('failed', 'succeeded'), from('running', 'failed')], [true, false, false]);
  assert.equal(isStopping({ ...flow('running', 0), cancelled_at: 'x' }), true);
  assert.equal(isStopping({ ...flow('cancelled', 0), cancelled_at: 'x' }), false);
});

test('a parameter names the node that it takes its value from', () => {
  assert.deepEqual(takenFrom(node('a', [], { results: { body: 'load', n: 'count' } })), ['body ← load', 'n ← count']);
});

test('an address with a state that no flow has shows all', () => {
  assert.deepEqual(flowFilter({ status: 'failed', after: 'x' }), { status: 'failed', after: 'x' });
  assert.deepEqual(flowFilter({ status: 'FAILURE' }), { status: '', after: '' });
  assert.deepEqual(flowFilter({ status: 'constructor' }), { status: '', after: '' });
});
