import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fromWall, wallTime } from '../../static/js/lib/wall_time.js';
import { submitKeys } from '../../static/js/tasks/submit_keys.js';

function keysAt(now) {
  const clock = { now };
  return { clock, keys: submitKeys(() => clock.now) };
}

test('each submit has a key of its own, also one of the same body', () => {
  const { clock, keys } = keysAt(0);
  const first = keys.keyFor('a');
  keys.answered(false);
  clock.now = 5_000;
  assert.match(first, /^[0-9a-f]{32}$/);
  assert.notEqual(keys.keyFor('a'), first);
});

test('a double click and a key that is held down have one key', () => {
  const { clock, keys } = keysAt(0);
  const sent = [0, 300, 600].map((at) => {
    clock.now = at;
    const key = keys.keyFor('a');
    keys.answered(false);
    return key;
  });
  assert.equal(new Set(sent).size, 1);
});

for (const [body, same] of [['a', true], ['b', false]]) {
  test(`after a lost answer ${body === 'a' ? 'the same submit has the same key' : 'another submit has another key'}`, () => {
    const { clock, keys } = keysAt(0);
    const first = keys.keyFor('a');
    keys.answered(true);
    clock.now = 3_600_000;
    assert.equal(keys.keyFor(body) === first, same);
  });
}

for (const [zone, utc, text, at] of [
  ['Asia/Kolkata', false, '2026-11-28T18:00:27', '2026-11-28T12:30:27.000Z'],
  ['Asia/Kolkata', true, '2026-11-28T18:00:00', '2026-11-28T18:00:00.000Z'],
  ['America/New_York', false, '2026-07-01T00:00:00', '2026-07-01T04:00:00.000Z'],
  ['Europe/Berlin', false, '', null],
  ['Europe/Berlin', false, '2026-13-01T00:00', null],
]) {
  test(`the time on the wall: ${text} in ${utc ? 'UTC' : zone}`, () => {
    const before = process.env.TZ;
    process.env.TZ = zone;
    try {
      assert.equal(fromWall(text, utc), at);
      if (at) assert.equal(wallTime(Date.parse(at), utc), text);
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });
}
