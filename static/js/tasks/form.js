/* The form of one task type, made from its JSON Schema and filled with its example. Built once and
   kept, so that a draft survives a look at another page. */

import { hasKey } from '../api/api_key.js';
import { h, mount } from '../lib/dom.js';
import { asCurl, asPython } from './snippets.js';
import { base } from '../lib/root.js';
import { button } from '../components/parts.js';
import { payloadPart, queueSelect, placeErrors } from './payload_form.js';

/**
 * @param {any} type one of GET /api/task-types
 * @param {import('../state/actions.js').Actions} actions
 * @param {{source: string, queue: string, tags: string[], prefix: string, onSent: (taskId: string) => void}} [again]
 *   fill it with this payload (JSON source text) instead of the example
 * @returns {HTMLElement & {payloadText?: () => string}}
 */
export function submitForm(type, actions, again) {
  const name = type.task_type;
  const prefix = again?.prefix ?? `f-${name}`;
  const payload = payloadPart(type, prefix, again?.source);
  const queue = queueSelect(type, prefix, again?.queue);
  const other = h('ul', { class: 'form-errors', role: 'alert' });
  const send = /** @type {HTMLButtonElement} */ (h('button', {
    type: 'submit', class: 'button primary', data: { testid: 'submit-button' },
  }, again ? 'Run again' : `Submit ${name}`));

  const payloadText = payload.text;
  const bodyText = () => submissionText(name, payloadText(), queue.select.value, again?.tags);

  async function submit(event) {
    event.preventDefault();
    send.disabled = true;
    const refusal = await actions.submit(bodyText(), payloadText(), again?.onSent);
    send.disabled = false;
    placeErrors(form, payload.controls, other, refusal ? refusal.errors : []);
    if (refusal && !refusal.errors.length) mount(other, h('li', null, refusal.message));
  }

  const form = h('form', {
    class: 'submit-form', novalidate: true, data: { testid: `submit-form-${name}` }, on: { submit }, 'aria-label': `Submit ${name}`,
  },
    payload.element, queue.element,
    other,
    h('div', { class: 'actions' }, send,
      button('Copy as curl', () => actions.copy(asCurl(bodyText(), base(), hasKey()), 'curl command'), {}, 'copy'),
      button('Copy as Python', () => actions.copy(asPython(bodyText(), base(), hasKey()), 'Python program'), {}, 'copy')));
  return Object.assign(form, { payloadText });
}

/** @param {string} name @param {string} payload JSON text @param {string} queue @param {string[]} [tags] */
export function submissionText(name, payload, queue, tags = []) {
  const members = [`"task_type":${JSON.stringify(name)}`, queue && `"priority":"${queue}"`, tags.length && `"tags":${JSON.stringify(tags)}`,
    `"payload":${payload}`];
  return `{${members.filter(Boolean).join(',')}}`;
}
