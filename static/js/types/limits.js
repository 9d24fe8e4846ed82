/* The limits of a task type: in words, and the form that sets them. Its fields are those of LIMIT_FIELDS. */

import { h } from '../lib/dom.js';
import { visible } from '../lib/json_text.js';
import { inUnits } from '../state/schedules.js';
import { isLimited, LIMIT_FIELDS, limitsBody } from '../state/type_limits.js';
import { durationPart } from '../components/duration_field.js';
import { fieldPart, plainField } from '../components/field.js';
import { createKeptForms } from '../components/kept_form.js';
import { button, emptyState, sectionHead } from '../components/parts.js';
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
    limits ? [
      problem && h('p', { class: 'note', key: 'old' }, common.outOfDate(problem.text)),
      inWords(limits),
      // Limits that were set elsewhere meanwhile are a new start: a draft over old ones would undo them.
      keep(`${name} ${JSON.stringify(limits)}`, (done) => build(name, limits, actions, done)),
    ] : trouble ? h('div', { key: 'broken' }, emptyState(common.cantLoad('the limits'), common.retrying(trouble.text)))
      : h('p', { class: 'booting', key: 'loading' }, common.LOADING));
}

/** @param {import('../state/type_limits.js').Limits} limits */
function inWords(limits) {
  return h('div', { key: 'words', data: { testid: 'limits-now' } },
    h('p', null, isLimited(limits) ? h('b', null, texts.now(wordsOf(limits))) : texts.UNLIMITED),
    limits.source === 'code' && h('p', { class: 'hint', key: 'code' }, texts.FROM_CODE),
    limits.source === 'operator' && limits.declared && h('p', { class: 'hint', key: 'code' }, texts.declared(wordsOf(limits.declared))));
}

/** @param {import('../state/type_limits.js').Limit} limits */
function wordsOf(limits) {
  const per = texts.timeSpan(...inUnits(limits.per ?? 1));
  return LIMIT_FIELDS.filter(({ name }) => limits[name] !== null && name in texts.LIMIT_WORDS)
    .map(({ name }) => visible(texts.LIMIT_WORDS[name](limits[name], per))).join(', ');
}

/**
 * @param {string} name
 * @param {import('../state/type_limits.js').Limits} limits what the form is filled with
 * @param {import('../state/actions.js').Actions} actions
 * @param {() => void} done the draft is not wanted any more
 */
function build(name, limits, actions, done) {
  const parts = LIMIT_FIELDS.map((field) => ({ name: field.name, ...part(field, limits) }));
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

  const form = h('form', { class: 'limits-form', novalidate: true, 'aria-label': texts.SET, data: { testid: 'limits-form' },
    on: { submit } },
    h('div', { class: 'fields' }, parts.map((each) => each.element)), audit.element, other,
    h('div', { class: 'actions' }, send, isLimited(limits) && limits.source !== 'code'
      && button(texts.REMOVE, () => actions.askRemoveLimits(name), { data: { testid: 'remove-limits' } }, 'trash')));
  return form;
}

/** @param {import('../state/type_limits.js').LimitField} field @param {import('../state/type_limits.js').Limits} limits */
function part({ name, kind }, limits) {
  const { label, hint } = texts.LIMIT_FIELDS[name];
  const more = { required: false, hint, example: limits[name] ?? undefined };
  if (kind !== 'seconds') return fieldPart(plainField(name, label, { ...more, kind }), 'limits');
  const [number, unit] = inUnits(Number(limits[name] ?? 1));
  return durationPart(plainField(name, label, { ...more, kind: 'number', example: number }), 'limits',
    { unit, label: texts.UNIT, testid: `${name}-unit` });
}
