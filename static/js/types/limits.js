/* The limits of a task type: in words, and the form that sets them. Its fields are those of LIMIT_FIELDS
   and BREAKER_FIELDS. */

import { h } from '../lib/dom.js';
import { until } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { serverNow } from '../state/page_state.js';
import { inUnits } from '../state/schedules.js';
import { BREAKER_FIELDS, isHeldBack, isLimited, LIMIT_FIELDS, limitsBody, USUAL_BREAKER } from '../state/type_limits.js';
import { createDraft } from '../components/draft.js';
import { durationPart } from '../components/duration_field.js';
import { checkField, fieldPart, objectText, plainField } from '../components/field.js';
import { button, loadFailure, sectionHead } from '../components/parts.js';
import { auditPart } from '../components/question_dialog.js';
import { placeErrors } from '../tasks/payload_form.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/task_types.js';

const draft = createDraft({ breaker: texts.BREAKER,
  ...Object.fromEntries(LIMIT_FIELDS.map(({ name }) => [name, texts.LIMIT_FIELDS[name].label])) });

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
      editLimits(name, limits, actions),
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
 * The form, and what somebody else has set while it was open.
 * @param {string} name
 * @param {import('../state/type_limits.js').Limits} limits
 * @param {import('../state/actions.js').Actions} actions
 */
function editLimits(name, limits, actions) {
  const make = (of) => {
    const typed = Object.entries(of?.members ?? {}).map(([member, text]) => [member, text === null ? null : JSON.parse(text)]);
    return build(name, { ...limits, ...Object.fromEntries(typed) }, actions, of);
  };
  const { form, key, news } = draft.show(name, JSON.stringify({ ...limits, breakers: null }), make, actions.redraw);
  form.send.disabled = Boolean(news || form.element.dataset.busy);
  return [h('div', { key, wake: (host) => host.append(form.element) }), h('div', { role: 'status', key: 'news' }, news)];
}

/**
 * @param {string} name
 * @param {import('../state/type_limits.js').Limits} limits what the form is filled with
 * @param {import('../state/actions.js').Actions} actions
 * @param {any} [of] the draft that it goes on with
 */
function build(name, limits, actions, of) {
  const plain = LIMIT_FIELDS.map((field) => ({ name: field.name, ...part(field, texts.LIMIT_FIELDS, limits[field.name]) }));
  const breaker = breakerPart(limits.breaker);
  const parts = [...plain, breaker];
  const controls = new Map(parts.flatMap((each) => [...each.controls]));
  const audit = of?.from.audit ?? auditPart('limits-audit');
  const other = h('ul', { class: 'form-errors', role: 'alert' });
  const send = /** @type {HTMLButtonElement} */ (h('button', { type: 'submit', class: 'button primary', data: { testid: 'set-limits' } },
    texts.SET));
  const members = () => /** @type {any} */ (Object.fromEntries(parts.map((each) => [each.name, each.text()])));
  const first = of?.first ?? members();

  async function submit(event) {
    event.preventDefault();
    const reason = audit.reason();
    element.dataset.busy = 'yes';
    send.disabled = true;
    const about = { if_updated_at: JSON.stringify(limits.updated_at ?? null), reason: reason ? JSON.stringify(reason) : null };
    const errors = await actions.setLimits(name, limitsBody({ ...members(), ...about }));
    delete element.dataset.busy;
    send.disabled = false;
    if (errors.length) placeErrors(element, controls, other, errors);
    else draft.drop(element);
  }

  const element = h('form', { class: 'limits-form', novalidate: true, 'aria-label': texts.SET,
    data: { testid: 'limits-form', needs: 'operator' },
    on: { submit } },
    h('div', { class: 'fields' }, plain.map((each) => each.element)), breaker.element, audit.element, other,
    h('div', { class: 'actions' }, send, isLimited(limits) && limits.source !== 'code'
      && button(texts.REMOVE, () => actions.askRemoveLimits(name), { data: { testid: 'remove-limits' } }, 'trash')));
  return { element, first, members, send, audit };
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
