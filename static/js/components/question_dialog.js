/* The question before an action that matters: what will happen, why it is done and by whom, and
   where much is at stake a number to type. */

import { h, mount } from '../lib/dom.js';
import { LONGEST, operatorName, rememberOperator } from '../api/operator_name.js';
import { button, shut } from './parts.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/shell.js';

/** @param {import('../state/records.js').Question} question @param {import('../state/actions.js').Actions} actions */
export function questionDialog(question, actions) {
  const close = () => actions.dispatch({ type: 'question', question: null, only: question });
  const trail = auditFields('question');
  const proof = question.typed && field('question-typed', common.toConfirm(question.typed), { autocomplete: 'off', spellcheck: 'false' });
  const yes = /** @type {HTMLButtonElement} */ (h('button',
    { type: 'submit', class: question.danger ? 'button danger' : 'button primary', data: { testid: 'question-yes' } }, question.verb));
  const check = () => { yes.disabled = Boolean(question.typed && !question.typed.includes(proof?.input.value.trim() ?? '')); };
  proof?.input.addEventListener('input', check);
  check();
  // Closed first: what takes long is shown on the page, and must not close what is asked meanwhile.
  const submit = (event) => {
    event.preventDefault();
    yes.disabled = true;
    shut(event);
    close();
    question.run(trail.reason());
  };
  return h('dialog', {
    class: 'dialog', key: 'question', wake: (dialog) => dialog.showModal(), 'aria-labelledby': 'question-title',
    'aria-describedby': 'question-text',
    data: { testid: 'question' }, on: { close },
  },
    h('h2', { id: 'question-title' }, question.title), h('p', { id: 'question-text' }, question.text),
    h('form', { on: { submit } }, proof?.place, trail.places,
      h('div', { class: 'actions' }, yes,
        button(common.CANCEL, shut, { data: { testid: 'question-no' } }))));
}

/**
 * The fields for the reason and the name that the audit stores with a change.
 * @param {string} prefix makes ids unique on the page
 * @returns {{places: HTMLElement[], reason: () => string}} `reason` also keeps the name
 */
export function auditFields(prefix) {
  const why = field(`${prefix}-reason`, texts.REASON, { maxlength: 200 });
  const who = field(`${prefix}-who`, texts.YOUR_NAME, { maxlength: LONGEST, autocomplete: 'name' });
  who.input.value = operatorName();
  return {
    places: [why.place, who.place],
    reason() {
      rememberOperator(who.input.value.trim());
      return why.input.value.trim();
    },
  };
}

/**
 * The same for a form, folded; with the author's name at the time it is unfolded.
 * @param {string} prefix makes ids unique on the page
 */
export function auditPart(prefix) {
  /** @type {ReturnType<typeof auditFields>|null} */
  let trail = null;
  const fields = h('div', { class: 'fields' });
  const unfold = () => {
    trail ??= auditFields(prefix);
    mount(fields, trail.places);
  };
  const element = h('details', { class: 'for-audit', on: { toggle: unfold } }, h('summary', null, texts.FOR_AUDIT), fields);
  return { element, reason: () => trail?.reason() ?? '' };
}

function field(id, label, props) {
  const input = /** @type {HTMLInputElement} */ (h('input', { id, type: 'text', data: { testid: id }, ...props }));
  return { input, place: h('div', { class: 'field' }, h('label', { for: id }, label), input) };
}
