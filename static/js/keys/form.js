/* The form that makes an API key. */

import { h } from '../lib/dom.js';
import { go, pageUrl } from '../lib/router.js';
import { ROLES } from '../state/keys.js';
import { fieldPart, plainField } from '../components/field.js';
import { createKeptForms } from '../components/kept_form.js';
import { button } from '../components/parts.js';
import { auditPart } from '../components/question_dialog.js';
import { placeErrors, tagsIn } from '../tasks/payload_form.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/keys.js';

const DAY_S = 86_400;
const keep = createKeptForms();

/** @param {import('../state/actions.js').Actions} actions */
export function newKeyForm(actions) {
  return keep('new', (done) => build(actions, done));
}

function build(actions, done) {
  const parts = fields();
  const audit = auditPart('key-audit');
  const other = h('ul', { class: 'form-errors', role: 'alert' });
  const controls = new Map(parts.flatMap((part) => [...part.controls]));
  const send = /** @type {HTMLButtonElement} */ (h('button', { type: 'submit', class: 'button primary', data: { testid: 'create-key' } },
    texts.FORM.create));

  async function submit(event) {
    event.preventDefault();
    const reason = audit.reason();
    const members = parts.map((part) => [part.name, part.value()]).filter(([, value]) => value !== null);
    send.disabled = true;
    const errors = await actions.createKey(JSON.stringify({ ...Object.fromEntries(members), ...(reason ? { reason } : {}) }));
    send.disabled = false;
    if (errors.length) placeErrors(form, controls, other, errors);
    else done(form);
  }

  const form = h('form', { class: 'schedule-form webhook-form', novalidate: true, 'aria-label': texts.FORM.create,
    data: { testid: 'key-form' }, on: { submit } },
    h('section', { class: 'form-part' }, h('div', { class: 'fields' }, parts.map((part) => part.element))),
    audit.element, other,
    h('div', { class: 'actions' }, send, button(common.CANCEL, () => {
      done(form);
      go(pageUrl('keys'));
    })));
  return form;
}

/** Each with its name and the value that is sent; null: it is left out. */
function fields() {
  const part = (name, label, more, read) => {
    const made = fieldPart(plainField(name, label, { required: false, ...more }), 'key');
    const input = /** @type {HTMLInputElement} */ (made.controls.get(`/${name}`)?.input);
    return { name, ...made, value: () => read(input.value.trim()) };
  };
  const words = (text) => (text ? tagsIn(text) : null);
  const number = (times) => (text) => (text ? (Number.isFinite(Number(text)) ? Number(text) * times : text) : null);
  return [
    part('name', 'Name', { required: true, hint: texts.FORM.name }, (text) => text),
    part('role', 'Role', { required: true, kind: 'enum', options: ROLES.map((role) => JSON.stringify(role)), example: 'viewer' },
      (text) => JSON.parse(text)),
    part('queues', 'Queues', { hint: texts.FORM.queues }, words),
    part('task_types', 'Task types', { hint: texts.FORM.types }, words),
    part('expires_in', 'Expires in', { hint: texts.FORM.days }, number(DAY_S)),
    part('rate', 'Rate', { hint: texts.FORM.rate }, number(1)),
  ];
}
