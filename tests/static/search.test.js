import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as results from '../../static/js/state/search_results.js';
import {
  hasNoDeliveries, isWhole, termAt, termsOf, termText, toggled, valuesOf, withoutDeliveries, withValues,
} from '../../static/js/state/search_text.js';
import { all, extend, isEmpty, leaveOut, NOTHING_CHOSEN, toggle } from '../../static/js/state/selection.js';
import { completions } from '../../static/js/tasks/completion.js';

const written = (text) => termsOf(text).map(({ no, word, value }) => [no, word, value]);

test('a search is read term by term', () => {
  assert.deepEqual(written('  state:Failed -worker:w1 "two words" error:"a \\"b\\"" '), [
    [false, 'state', 'Failed'], [true, 'worker', 'w1'], [false, '', 'two words'], [false, 'error', 'a "b"'],
  ]);
  assert.deepEqual(written('Payload.userId:42'), [[false, 'payload.userId', '42']]);
  assert.deepEqual(termsOf(''), []);
});

test('a term is written so that it is read as the same', () => {
  for (const term of [
    { no: false, word: '', value: 'plain' }, { no: false, word: '', value: '-x' }, { no: false, word: '', value: 'a:b' },
    { no: true, word: 'error', value: 'two "words"' }, { no: false, word: 'tag', value: '\\' },
  ]) assert.deepEqual(written(termText(term)), [[term.no, term.word, term.value]]);
  // Without quotation marks these would be a comparison and an operator.
  assert.equal(termText({ word: 'payload.note', value: '>5' }), 'payload.note:">5"');
  assert.equal(termText({ word: '', value: 'OR' }), '"OR"');
  assert.equal(termText({ word: 'age', value: '>5m' }), 'age:>5m');
});

test('a state has one name however it is called', () => {
  assert.deepEqual(valuesOf('state:FAILURE state:pending -state:running', 'state'), ['failed', 'waiting']);
  assert.equal(toggled('state:failure tag:x', 'state', 'failed'), 'tag:x');
  assert.equal(withValues('-queue:low a', 'queue', ['high']), '-queue:low a queue:high');
});

test('deliveries of webhooks are left out, or no longer', () => {
  assert.equal(withoutDeliveries(''), '-type:duckline.webhook');
  assert.equal(withoutDeliveries('state:failed "a b"'), 'state:failed "a b" -type:duckline.webhook');
  assert.equal(withoutDeliveries('-type:duckline.webhook -type:echo', false), '-type:echo');
  assert.equal(hasNoDeliveries('-type:duckline.webhook'), true);
  assert.equal(hasNoDeliveries('type:duckline.webhook -type:echo'), false);
});

test('half a term is not searched for', () => {
  const half = ['state:', 'state:fai', 'queue:hi', 'age:<1', 'error:"half', 'colour:red', '-', 'payload.a:>='];
  for (const text of half) assert.equal(isWhole(text), false, text);
  const whole = ['', 'state:failed', 'age:<1h', 'dur:>=1.5s', 'payload.a:1', 'payload.a:>5', 'free words'];
  for (const text of whole) assert.equal(isWhole(text), true, text);
});

test('what is offered replaces the term at the caret', () => {
  const known = { types: ['send_email'], fields: [], tags: [], workers: [], causes: [], values: {} };
  assert.equal(termAt('a type:sen', 10).value, 'sen');
  const [first] = completions('type:sen tag:x', 8, known);
  assert.deepEqual([first.text, first.caret], ['type:send_email tag:x', 16]);
  assert.ok(completions('sta', 3, known).some(({ label }) => label === 'state:'));
  assert.ok(completions('status', 6, known).some(({ label }) => label === 'state:'), 'as the API calls it');
  const [failed] = completions('status:fai', 10, known);
  assert.deepEqual([failed.text, failed.note.includes('FAILURE in the API')], ['state:failed ', true]);
});

test('rows are chosen one by one, as a range, or all', () => {
  const one = toggle(NOTHING_CHOSEN, 'b');
  assert.deepEqual([...extend(one, 'd', ['a', 'b', 'c', 'd']).ids], ['b', 'c', 'd']);
  assert.deepEqual([...extend(one, 'x', ['a', 'b']).ids], ['b', 'x']);
  assert.ok(isEmpty(toggle(one, 'b')) && !isEmpty({ ...NOTHING_CHOSEN, everything: true }));
  assert.deepEqual([...leaveOut(all(['a', 'b']), new Set(['a'])).ids], ['b']);
});

const at = (second) => `2030-01-01T00:00:${String(second).padStart(2, '0')}Z`;
const page = (seconds, next = null, backTo = null) => ({
  tasks: seconds.map((second) => ({ task_id: `t${second}`, submitted_at: at(second) })),
  next_cursor: next, scanned: seconds.length, complete: true, scanned_back_to: backTo,
});

test('instants sort whatever the number of their digits', () => {
  const keys = ['2030-01-01T00:00:00Z', '2030-01-01T00:00:00.1Z', '2030-01-01T00:00:00.100001Z',
    '2030-01-01T00:00:01Z'].map(results.instantKey);
  assert.deepEqual([...keys].sort(), keys);
});

test('a page further down is added once, and knows its cursor', () => {
  const head = results.receiveHead(results.nothingFound(), page([9, 8], 'c1', at(8)));
  const two = results.receiveMore(head, page([8, 7], 'c2', at(7)));
  assert.deepEqual(two.rows, ['t9', 't8', 't7']);
  assert.deepEqual([results.cursorOf(two, 't9'), results.cursorOf(two, 't7')], [null, 'c1']);
});

test('a row that no longer fits stays while the rows are held, and goes after', () => {
  const held = results.hold(results.receiveHead(results.nothingFound(), page([9, 8])), true);
  const again = results.receiveHead(held, page([9]));
  assert.deepEqual([again.rows, [...again.left]], [['t9', 't8'], ['t8']]);
  assert.deepEqual(results.hold(again, false).rows, ['t9']);
});

test('what the reader does to held rows is shown at once', () => {
  const held = results.hold(results.receiveHead(results.nothingFound(), page([9, 8])), true);
  const eased = results.receiveHead({ ...held, eased: true }, page([9]));
  assert.deepEqual([eased.rows, eased.held, eased.eased], [['t9'], true, false]);
  assert.deepEqual(results.without(held, new Set(['t9'])).rows, ['t8']);
});
