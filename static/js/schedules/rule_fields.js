/* When a schedule is due: cron or every so often, and beside it what the server makes of that: the
   rule in words and the next runs. Built once; `refresh` shows what has been read since. */

import { h, mount } from '../lib/dom.js';
import { fullTime, inZone, until } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { inUnits, jsonObject } from '../state/schedules.js';
import { serverNow } from '../state/page_state.js';
import { durationPart } from '../components/duration_field.js';
import { fieldPart, plainField } from '../components/field.js';
import * as texts from '../texts/schedules.js';

const TYPING_MS = 250;
const EXAMPLES = ['*/5 * * * *', '0 * * * *', '0 3 * * *', '0 9 * * 1-5', '0 0 1 * *'].map((cron, i) => [cron, texts.FORM.examples[i]]);

/**
 * @param {string} prefix makes ids unique on the page
 * @param {{cron: string|null, every_s: number|null, timezone: string}} rule
 * @param {import('../state/actions.js').Actions} actions
 */
export function ruleFields(prefix, { cron, every_s: every, timezone }, actions) {
  const made = ruleElements(prefix, { cron, every, timezone }, (text) => {
    input('/cron').value = text;
    changed();
  });
  const { parts, controls, input, ways, examples, byCron, preview } = made;
  let timer = 0;
  /** @type {{rule: string, value: any}|null} the last that the server said of a rule */
  let judged = null;

  const isCron = () => ways[0].checked;
  /** @returns {Record<string, string>} */
  const members = () => (isCron()
    ? { cron: JSON.stringify(input('/cron').value.trim()), timezone: JSON.stringify(input('/timezone').value.trim() || 'UTC') }
    : { every_s: parts.every.text() ?? 'null' });
  const look = () => actions.lookAtRule(jsonObject(members()));

  function changed() {
    for (const { show } of controls.values()) show('');
    byCron.hidden = !isCron();
    examples.hidden = !isCron();
    parts.every.element.hidden = isCron();
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = 0;
      look();
    }, TYPING_MS);
  }

  const element = h('div', { class: 'rule' },
    h('div', { class: 'rule-fields', on: { input: changed, change: changed } },
      modes(ways), byCron, examples, parts.every.element),
    preview);
  changed();

  return {
    element, controls, members,
    /** What is known to be wrong with it. @returns {{pointer: string, message: string}[]} */
    errors: () => (judged?.rule === jsonObject(members()) && judged.value.errors) || [],
    /** Show what is known of the rule so far. @param {import('../state/store.js').State} state */
    refresh(state) {
      const rule = jsonObject(members());
      if (!timer && state.ui.rule !== rule) look(); // another form was looked at meanwhile
      const fact = state.facts.preview?.key === rule ? state.facts.preview : null;
      const { value, problem } = fact ?? {};
      if (value?.errors && judged?.value !== value) for (const { pointer, message } of value.errors) controls.get(pointer)?.show(message);
      if (value) judged = { rule, value };
      mount(preview, previewOf(value, problem, isCron() ? input('/timezone').value.trim() || 'UTC' : '', serverNow(state)));
    },
  };
}

function modes(ways) {
  return h('fieldset', { class: 'modes' }, h('legend', { class: 'off-screen' }, texts.FORM.kind),
    ways.map((way, i) => h('label', { class: 'mode' }, way, h('span', null, texts.FORM.ways[i]))));
}

/** The fields of a rule as they are at first; `fill` takes an example. */
function ruleElements(prefix, { cron, every, timezone }, fill) {
  const [amount, unit] = every === null ? ['5', 'minute'] : inUnits(every);
  const parts = {
    cron: fieldPart(plainField('cron', 'Cron expression', { example: cron ?? '0 3 * * *', hint: texts.FORM.cron }), prefix),
    zone: fieldPart(plainField('timezone', 'Time zone', { example: timezone, hint: texts.FORM.zone }), prefix),
    every: durationPart(plainField('every_s', 'Every', { example: String(amount), kind: 'number' }), prefix,
      { unit, label: 'Unit', testid: 'every-unit' }),
  };
  const controls = new Map(Object.values(parts).flatMap((part) => [...part.controls]));
  const input = (name) => /** @type {HTMLInputElement} */ (controls.get(name)?.input);
  const ways = ['cron', 'every'].map((way) => /** @type {HTMLInputElement} */ (h('input', {
    type: 'radio', name: `${prefix}-way`, value: way, class: 'off-screen', checked: (way === 'cron') === (every === null),
    data: { testid: `way-${way}` },
  })));
  const examples = h('div', { class: 'rule-examples', role: 'group', 'aria-label': 'Examples' }, EXAMPLES.map(([text, words]) =>
    h('button', { type: 'button', class: 'link', title: text, on: { click: () => fill(text) } }, words)));
  const zones = h('datalist', { id: `${prefix}-zones` }, zoneNames().map((name) => h('option', { value: name })));
  input('/timezone').setAttribute('list', zones.id);
  input('/cron').classList.add('mono');
  return {
    parts, controls, input, ways, examples,
    byCron: h('div', { class: 'fields' }, parts.cron.element, parts.zone.element, zones),
    preview: h('div', { class: 'rule-preview', 'aria-live': 'polite', data: { testid: 'rule-preview' } }),
  };
}

function previewOf(value, problem, zone, now) {
  if (problem && !value) return [h('h3', { key: 'title' }, texts.FORM.nextRuns),
    h('p', { class: 'soft', key: 'text' }, texts.FORM.noPreview(problem.text))];
  if (!value) return [h('h3', { key: 'title' }, texts.FORM.nextRuns), h('p', { class: 'soft', key: 'text' }, '…')];
  if (value.errors) return [h('h3', { key: 'title' }, texts.FORM.nextRuns), h('p', { class: 'soft', key: 'text' }, texts.FORM.notYet)];
  const local = zone === '';
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return [
    h('h3', { key: 'title' }, visible(value.words)),
    h('ol', { key: 'runs', 'aria-label': texts.FORM.nextRuns, 'aria-live': 'off' },
      value.next_runs.map((at) => h('li', { key: at, data: { testid: 'preview-run' } },
      h('time', { datetime: at, title: fullTime(at) }, inZone(at, local ? own : zone)), h('span', { class: 'faint' }, until(at, now))))),
    h('p', { class: 'hint', key: 'zone' }, local ? texts.FORM.yourTime : texts.FORM.timeIn(visible(zone))),
  ];
}

function zoneNames() {
  const all = Intl.supportedValuesOf?.('timeZone') ?? [];
  return all.includes('UTC') ? all : ['UTC', ...all];
}
