import assert from 'node:assert/strict';
import { test } from 'node:test';

import { date, setZone, withoutRequestId } from '../../static/js/lib/format.js';
import { parseKeeping, visible } from '../../static/js/lib/json_text.js';
import { blocksOf } from '../../static/js/lib/traceback.js';

for (const [text, shown] of [
  ['\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}'],
  ['\u2764\ufe0f\u200d\u{1f525} \u{1f468}\u{1f3fd}\u200d\u{1f4bb}', '\u2764\ufe0f\u200d\u{1f525}'],
  ['\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645', '\u0645\u06cc\u200c\u062e'],
  ['pay\u200dpal pay\u200cpal', String.raw`pay\u200dpal pay\u200cpal`],
  ['\u{1f468}\\u200d\u{1f469}', '\u{1f468}\u200d\u{1f469}'],
  ['a\u202eb\u0000c\td', String.raw`a\u202eb\u0000c` + '\td'],
]) {
  test(`joiners are kept where they join, and spelled out where they hide: ${JSON.stringify(shown)}`, () => {
    assert.ok(visible(text).includes(shown), JSON.stringify(visible(text)));
  });
}

test('a traceback folds what repeats and what is a library', () => {
  const library = '  File "/x/site-packages/y.py", line 1';
  const own = ['  File "/srv/shop/ours.py", line 7, in walk', '    walk()', '  File "/srv/shop/ours.py", line 9, in step'];
  const cycles = Array(5).fill(own).flat();
  const blocks = blocksOf(['Traceback (most recent call last):', library, library, ...cycles, library, 'ValueError: no'].join('\n'));
  assert.deepEqual(blocks.map(({ kind }) => kind), ['text', 'foreign', 'own', 'repeat', 'foreign', 'text']);
  assert.deepEqual([blocks[1].frames, blocks[3].frames, blocks[3].times], [2, 2, 4]);
});

test('a payload keeps its source text, digit for digit', () => {
  const read = parseKeeping('{"a": {"payload": {"id": 9007199254740993}}, "n": 1}', ['payload']);
  assert.deepEqual(read, { a: { payload: '{"id": 9007199254740993}' }, n: 1 });
});

test('the error of a function begins with its message, not with the id of its task', () => {
  const error = 'Sandbox.Timedout: RequestId: ca7ada6a-ce67-4b4b-867a-6f2dbf6fee34 Error: Task timed out after 1.00 seconds';
  assert.equal(withoutRequestId(error), 'Sandbox.Timedout: Task timed out after 1.00 seconds');
  assert.equal(withoutRequestId('ValueError: no RequestId'), 'ValueError: no RequestId');
});

test('a day is that of the zone of the page', () => {
  const days = ['Asia/Kolkata', 'UTC'].map((zone) => {
    setZone(zone);
    return date('2026-12-31T20:00:00Z');
  });
  setZone(undefined);
  assert.deepEqual(days, ['1 Jan 2027', '31 Dec 2026']);
});
