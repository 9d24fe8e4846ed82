import assert from 'node:assert/strict';
import { test } from 'node:test';

import { membersOf } from '../../static/js/lib/json_text.js';
import { changesBetween, rebased } from '../../static/js/state/merging.js';

const BIG = '12345678901234567890123';
const before = { payload: `{"a": ${BIG}, "b": "one", "c": {"a": 1}, "gone": 1}`, tags: '["x"]' };
const theirs = { payload: `{"a": ${BIG.slice(0, -1)}4, "b": "two", "c": {"a":1}, "new": 0}`, tags: '["x"]' };

test('the members of an object keep their source text, whatever their names', () => {
  assert.deepEqual(membersOf(`{"\\u0061": ${BIG}, "b": {"a": [1, 2]}}`), { a: BIG, b: '{"a": [1, 2]}' });
});

test('what others have changed is told member by member, digit for digit', () => {
  assert.deepEqual(changesBetween(before, theirs), [
    { name: 'payload.a', from: BIG, to: `${BIG.slice(0, -1)}4` },
    { name: 'payload.b', from: '"one"', to: '"two"' },
    { name: 'payload.gone', from: '1', to: '' },
    { name: 'payload.new', from: '', to: '0' },
  ]);
  assert.deepEqual(changesBetween(before, { ...before, payload: '{"a":' }), [{ name: 'payload', from: before.payload, to: '{"a":' }]);
});

for (const [what, mine, merged] of [
  ['an untouched draft is theirs', before, theirs],
  ['a member that I changed stays mine', { ...before, payload: before.payload.replace('one', 'mine') },
    { ...theirs, payload: theirs.payload.replace('two', 'mine') }],
  ['a number whose last digit I changed stays mine', { ...before, payload: before.payload.replace(BIG, `${BIG.slice(0, -1)}9`) },
    { ...theirs, payload: theirs.payload.replace(`${BIG.slice(0, -1)}4`, `${BIG.slice(0, -1)}9`) }],
  ['a member that I added stays', { ...before, payload: `${before.payload.slice(0, -1)}, "own": 5}` },
    { ...theirs, payload: `${theirs.payload.slice(0, -1)}, "own": 5}` }],
  ['tags that I changed stay mine', { ...before, tags: '["mine"]' }, { ...theirs, tags: '["mine"]' }],
  ['a payload that is being typed stays whole', { ...before, payload: '{"a":' }, { ...theirs, payload: '{"a":' }],
]) {
  test(what, () => assert.deepEqual(changesBetween(rebased(before, mine, theirs), merged), []));
}
