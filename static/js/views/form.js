/* The form of one task type, made from its JSON Schema and filled with its example. Built once and
   kept, so that a draft survives a look at another page. */

import { h, mount } from '../dom.js';
import { fieldsOf, withSources } from '../schema.js';
import { asCurl, asPython, hasKey } from '../snippets.js';
import { fieldPart, objectText } from './field.js';
import { button } from './parts.js';

/**
 * @param {any} type one of GET /api/task-types
 * @param {import('../actions.js').Actions} actions
 * @param {{source: string, queue: string, tags: string[], prefix: string, onSent: (taskId: string) => void}} [again]
 *   fill it with this payload (JSON source text) instead of the example
 * @returns {HTMLElement & {payloadText?: () => string}}
 */
export function submitForm(type, actions, again) {
  const name = type.task_type;
  const plain = fieldsOf(type.schema, type.example);
  const fields = again ? withSources(plain, again.source) : plain;
  const prefix = again?.prefix ?? `f-${name}`;
  const parts = fields.map((field) => fieldPart(field, prefix));
  const controls = new Map(parts.flatMap((part) => [...part.controls]));
  const queue = /** @type {HTMLSelectElement} */ (h('select', { id: `${prefix}-queue`, name: 'queue', data: { testid: 'queue-select' } },
    h('option', { value: '' }, `${type.queue} (its own)`),
    ['high', 'default', 'low'].map((each) => h('option', { value: each, selected: each === again?.queue && each !== type.queue }, each))));
  const other = h('ul', { class: 'form-errors', role: 'alert' });
  const send = /** @type {HTMLButtonElement} */ (h('button', {
    type: 'submit', class: 'button primary', data: { testid: 'submit-button' },
  }, again ? 'Run again' : `Submit ${name}`));

  const payloadText = () => objectText(parts, fields);
  const bodyText = () => submissionText(name, payloadText(), queue.value, again?.tags);

  function show(errors) {
    for (const { show: each } of controls.values()) each('');
    const homeless = errors.filter(({ pointer, message }) => {
      const control = nearest(controls, pointer);
      control?.show(message);
      return !control;
    });
    mount(other, homeless.map(({ pointer, message }) => h('li', null, `${pointer}: ${message}`)));
    /** @type {HTMLElement|null} */ (form.querySelector('[aria-invalid]'))?.focus();
  }

  async function submit(event) {
    event.preventDefault();
    send.disabled = true;
    const refusal = await actions.submit(bodyText(), payloadText(), again?.onSent);
    send.disabled = false;
    show(refusal ? refusal.errors : []);
    if (refusal && !refusal.errors.length) mount(other, h('li', null, refusal.message));
  }

  const form = h('form', {
    class: 'submit-form', novalidate: true, data: { testid: `submit-form-${name}` }, on: { submit }, 'aria-label': `Submit ${name}`,
  },
    h('div', { class: 'fields' }, parts.length ? parts.map((part) => part.element) : h('p', { class: 'soft' }, 'This task type takes no payload.')),
    h('div', { class: 'field' }, h('label', { for: `${prefix}-queue` }, 'Queue'), queue),
    other,
    h('div', { class: 'actions' }, send,
      button('Copy as curl', () => actions.copy(asCurl(bodyText(), location.origin, hasKey()), 'curl command'), {}, 'copy'),
      button('Copy as Python', () => actions.copy(asPython(bodyText(), location.origin, hasKey()), 'Python program'), {}, 'copy')));
  return Object.assign(form, { payloadText });
}

/** @param {string} name @param {string} payload JSON text @param {string} queue @param {string[]} [tags] */
export function submissionText(name, payload, queue, tags = []) {
  const members = [`"task_type":${JSON.stringify(name)}`, queue && `"priority":"${queue}"`, tags.length && `"tags":${JSON.stringify(tags)}`, `"payload":${payload}`];
  return `{${members.filter(Boolean).join(',')}}`;
}

/** The control that a pointer names, or the closest one around it. */
function nearest(controls, pointer) {
  for (let at = pointer; at; at = at.slice(0, at.lastIndexOf('/'))) {
    const control = controls.get(at);
    if (control) return control;
  }
  return null;
}
