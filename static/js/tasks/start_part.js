/* When a task may start: now, after a while, or at a time in the zone of the page. */

import { h } from '../lib/dom.js';
import { zoneAt } from '../lib/format.js';
import { fromWall, wallTime } from '../lib/wall_time.js';
import { isUtc } from '../lib/zone.js';
import { durationPart } from '../components/duration_field.js';
import { fieldPart, plainField } from '../components/field.js';
import * as texts from '../texts/submit.js';

const HOUR_MS = 3_600_000;

/**
 * @param {string} prefix makes ids unique on the page
 * @param {{due: string|null}} [known] of a task that is there: it may stay as it is
 * @returns {{element: HTMLElement, controls: Map<string, import('../components/field.js').Control>,
 *   members: () => Record<string, string>}} values as JSON texts
 */
export function startPart(prefix, known) {
  const names = [...(known ? ['keep'] : []), 'now', 'in', 'at'];
  const ways = names.map((way, i) => /** @type {HTMLInputElement} */ (h('input', {
    type: 'radio', name: `${prefix}-start`, value: way, class: 'off-screen', checked: i === 0, data: { testid: `start-${way}` },
  })));
  const after = durationPart(plainField('delay', texts.START.in, { kind: 'number', example: '5' }), prefix,
    { unit: 'minute', label: texts.unitOf(texts.START.in), testid: 'delay-unit' });
  const at = timeField(prefix, known?.due ?? null);
  const chosen = () => ways.find((way) => way.checked)?.value;

  function show() {
    after.element.hidden = chosen() !== 'in';
    at.element.hidden = chosen() !== 'at';
    if (chosen() === 'at') at.fill();
  }

  const element = h('fieldset', { class: 'start', on: { change: show } }, h('legend', null, texts.START.legend),
    h('div', { class: 'modes' }, ways.map((way) => h('label', { class: 'mode' }, way, h('span', null, texts.START.ways[way.value])))),
    after.element, at.element);
  show();
  return {
    element, controls: new Map([...after.controls, ...at.controls]),
    /** @returns {Record<string, string>} */
    members() {
      switch (chosen()) {
        case 'in': return { delay: after.text() ?? 'null' };
        case 'at': return { run_at: at.text() };
        case 'now': return known ? { delay: '0' } : {};
        default: return {};
      }
    },
  };
}

/** The zone is the one that was shown when the time was typed: a later switch must not move the time. */
function timeField(prefix, due) {
  const { element, controls } = fieldPart(plainField('run_at', texts.START.at, { hint: texts.START.zone('') }), prefix);
  const input = /** @type {HTMLInputElement} */ (controls.get('/run_at')?.input);
  const hint = /** @type {HTMLElement} */ (element.querySelector('.hint'));
  let utc = isUtc();
  input.type = 'datetime-local';
  input.dataset.testid = 'run-at';
  input.addEventListener('input', read);

  function read() {
    utc = isUtc();
    hint.textContent = texts.START.zone(zoneAt(fromWall(input.value, utc) ?? Date.now()));
  }

  return {
    element, controls,
    fill() {
      const soon = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS;
      if (!input.value) input.value = wallTime(due ? Date.parse(due) : soon, isUtc());
      read();
    },
    text: () => JSON.stringify(fromWall(input.value, utc) ?? input.value),
  };
}
