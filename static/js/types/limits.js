/* The limits of a task type: in words, and the form that sets them. Its fields are those of LIMIT_FIELDS
   and BREAKER_FIELDS. */

import { h } from '../lib/dom.js';
import { until } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { serverNow } from '../state/page_state.js';
import { inUnits } from '../state/schedules.js';
import { BREAKER_FIELDS, isHeldBack, isLimited, LIMIT_FIELDS, limitsBody, USUAL_BREAKER } from '../state/type_limits.js';
import { durationPart } from '../components/duration_field.js';
import { checkField, fieldPart, objectText, plainField } from '../components/field.js';
import { createKeptForms } from '../components/kept_form.js';
import { button, loadFailure, sectionHead } from '../components/parts.js';
import { auditPart } from '../components/question_dialog.js';
import { placeErrors } from '../tasks/payload_form.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/task_types.js';

const keep = createKeptForms();

/**
 * @param {string} name of the task type
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function limitsPart(name, state, actions) {
  const { key, value, problem } = state.facts.limits ?? {};
  const limits = key === name ? value : undefined;
  const trouble = problem ?? state.problem;
  return h('section', { class: 'card type-limits', key: 'limits', data: { testid: 'limits' } },
    sectionHead(texts.LIMITS, h('p', { class: 'soft' }, texts.LIMITS_WHAT)),
    !state.problem && isHeldBack(name, state.stats) && h('p', { class: 'note', key: 'held', data: { testid: 'held-back' } },
      h('b', null, texts.HELD_BACK), '. ', texts.HELD_BACK_MEANS),
    limits ? [
      problem && h('p', { class: 'note', key: 'old' }, common.outOfDate(problem.text)),
      inWords(limits),
      breakerStates(limits, serverNow(state)),
      // Limits that were set elsewhere meanwhile are a new start: a draft over old ones would undo them.
      keep(`${name} ${JSON.stringify({ ...limits, breakers: null })}`, (done) => build(name, limits, actions, done)),
    ] : trouble ? h('div', { key: 'broken' }, loadFailure(trouble, 'the limits'))
      : h('p', { class: 'booting', key: 'loading' }, common.LOADING));
}

/** @param {import('../state/type_limits.js').Limits} limits */
function inWords(limits) {
  return h('div', { key: 'words', data: { testid: 'limits-now' } },
    h('p', null, isLimited(limits) ? h('b', null, texts.now(wordsOf(limits))) : texts.UNLIMITED),
    limits.source === 'code' && h('p', { class: 'hint', key: 'code' }, texts.FROM_CODE),
    limits.source === 'operator' && limits.declared && h('p', { class: 'hint', key: 'code' }, texts.declared(wordsOf(limits.declared))));
}

/** How its breakers are now. @param {import('../state/type_limits.js').Limits} limits @param {number} now */
function breakerStates({ by, breakers, breaker }, now) {
  if (!breaker || !breakers?.length) return null;
  return h('ul', { class: 'plain-list', key: 'breakers', data: { testid: 'breakers' } }, breakers.map((one) =>
    h('li', { key: one.value ?? '', data: { state: one.state } },
      one.value !== null && h('code', null, visible(`${by} = ${one.value}`), ' '),
      h('span', { class: one.state === 'closed' ? 'soft' : 'bad-text' },
        texts.BREAKER_STATES[one.state](one, breaker.tries, one.until ? until(one.until, now) : '')))));
}

/** @param {import('../state/type_limits.js').Limit} limits */
function wordsOf(limits) {
  return Object.entries(texts.LIMIT_WORDS).filter(([name]) => limits[name] !== null)
    .map(([, words]) => visible(words(limits, inUnits))).join(', ');
}

/**
 * @param {string} name
 * @param {import('../state/type_limits.js').Limits} limits what the form is filled with
 * @param {import('../state/actions.js').Actions} actions
 * @param {() => void} done the draft is not wanted any more
 */
function build(name, limits, actions, done) {
  const plain = LIMIT_FIELDS.map((field) => ({ name: field.name, ...part(field, texts.LIMIT_FIELDS, limits[field.name]) }));
  const breaker = breakerPart(limits.breaker);
  const parts = [...plain, breaker];
  const controls = new Map(parts.flatMap((each) => [...each.controls]));
  const audit = auditPart('limits-audit');
  const other = h('ul', { class: 'form-errors', role: 'alert' });
  const send = /** @type {HTMLButtonElement} */ (h('button', { type: 'submit', class: 'button primary', data: { testid: 'set-limits' } },
    texts.SET));

  async function submit(event) {
    event.preventDefault();
    const reason = audit.reason();
    send.disabled = true;
    const errors = await actions.setLimits(name, limitsBody({
      ...Object.fromEntries(parts.map((each) => [each.name, each.text()])), reason: reason ? JSON.stringify(reason) : null,
    }));
    send.disabled = false;
    if (errors.length) placeErrors(form, controls, other, errors);
    else done();
  }

  const form = h('form', { class: 'limits-form', novalidate: true, 'aria-label': texts.SET,
    data: { testid: 'limits-form', needs: 'operator' },
    on: { submit } },
    h('div', { class: 'fields' }, plain.map((each) => each.element)), breaker.element, audit.element, other,
    h('div', { class: 'actions' }, send, isLimited(limits) && limits.source !== 'code'
      && button(texts.REMOVE, () => actions.askRemoveLimits(name), { data: { testid: 'remove-limits' } }, 'trash')));
  return form;
}

/**
 * A box, and the fields of the breaker while it is ticked.
 * @param {import('../state/type_limits.js').Breaker|null} breaker
 */
function breakerPart(breaker) {
  const parts = BREAKER_FIELDS.map((field) =>
    part(field, texts.BREAKER_FIELDS, (breaker ?? USUAL_BREAKER)[field.name], { required: true, pointer: `/breaker/${field.name}` }));
  const fields = h('div', { class: 'fields', role: 'group', 'aria-label': texts.BREAKER_RULES }, parts.map((each) => each.element));
  const box = checkField('limits-breaker', texts.BREAKER, breaker !== null, texts.BREAKER_MEANS);
  const show = () => { fields.hidden = !box.input.checked; };
  box.input.addEventListener('change', show);
  show();
  return {
    name: 'breaker', element: h('div', { class: 'breaker' }, box.element, fields),
    controls: new Map(parts.flatMap((each) => [...each.controls])),
    text: () => (box.input.checked ? objectText(parts, BREAKER_FIELDS) : null),
  };
}

/**
 * @param {import('../state/type_limits.js').LimitField} field
 * @param {Record<string, {label: string, hint: string}>} words by the name of a field
 * @param {any} value null for none
 * @param {Partial<import('../components/field.js').Field>} [more]
 * @returns {import('../components/field.js').Part}
 */
function part({ name, kind }, words, value, more) {
  const { label, hint } = words[name];
  const field = plainField(name, label, { required: false, hint, example: value ?? undefined, ...more });
  if (kind !== 'seconds') return fieldPart({ ...field, kind }, 'limits');
  const [number, unit] = inUnits(Number(value ?? 1));
  return durationPart({ ...field, kind: 'number', example: number }, 'limits',
    { unit, label: texts.unitOf(label), testid: `${name}-unit` });
}
