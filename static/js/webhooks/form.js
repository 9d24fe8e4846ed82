/* The form that makes a webhook, or changes one; only what was changed is sent. */

import { h } from '../lib/dom.js';
import { go, pageUrl } from '../lib/router.js';
import { ENDS, look } from '../state/task_state.js';
import { CONDITIONS, changedMembers } from '../state/webhooks.js';
import { createDraft } from '../components/draft.js';
import { fieldPart, plainField } from '../components/field.js';
import { createKeptForms } from '../components/kept_form.js';
import { button } from '../components/parts.js';
import { auditPart } from '../components/question_dialog.js';
import { placeErrors, tagsIn } from '../tasks/payload_form.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/webhooks.js';

/** @typedef {import('../components/draft.js').EditForm} EditForm */
const keep = createKeptForms();
const draft = createDraft(texts.FORM.members);
const EMPTY = { id: '', url: '', description: '', states: [], task_types: [], tags: [], conditions: [] };

/** @param {import('../state/actions.js').Actions} actions */
export function newWebhook(actions) {
  return keep('new', (done) => build(EMPTY, actions, done).element);
}

/**
 * The form of one that is there.
 * @param {import('../state/webhooks.js').Webhook} webhook
 * @param {import('../state/actions.js').Actions} actions
 * @returns {import('../lib/dom.js').Children}
 */
export function editWebhook(webhook, actions) {
  const make = (of) => {
    const typed = Object.entries(of?.members ?? {}).map(([name, text]) => [name, JSON.parse(text)]);
    return build({ ...webhook, ...Object.fromEntries(typed) }, actions, draft.drop, of);
  };
  const { form, key, news } = draft.show(webhook.id, String(webhook.updated_at), make, actions.redraw);
  form.send.disabled = Boolean(news || form.element.dataset.busy);
  return [h('div', { key, wake: (host) => host.append(form.element) }), h('div', { role: 'status', key: 'news' }, news)];
}

/**
 * @param {any} webhook what the form is filled with at first; without an id it is new
 * @param {import('../state/actions.js').Actions} actions
 * @param {(form: HTMLElement) => void} done this draft is not wanted any more
 * @param {any} [of] the draft that it goes on with
 */
function build(webhook, actions, done, of) {
  const isNew = !webhook.id;
  const verb = isNew ? texts.FORM.create : texts.FORM.save;
  const parts = fields(webhook);
  const audit = of?.from.audit ?? auditPart('webhook-audit');
  const other = h('ul', { class: 'form-errors', role: 'alert' });
  const send = /** @type {HTMLButtonElement} */ (h('button', { type: 'submit', class: 'button primary', data: { testid: 'save-webhook' } },
    verb));
  const controls = new Map(parts.flatMap((part) => [...part.controls]));
  const members = () => Object.fromEntries(parts.map((part) => [part.name, part.text()]));
  // Whether it is enabled is changed beside the form, or by itself: its author has to see that, too.
  const all = () => ({ ...members(), enabled: String(webhook.enabled) });
  const first = of?.first ?? all();

  function body() {
    const reason = audit.reason();
    const about = { ...(webhook.updated_at ? { if_updated_at: JSON.stringify(webhook.updated_at) } : {}),
      ...(reason ? { reason: JSON.stringify(reason) } : {}) };
    return changedMembers({ ...members(), ...about }, isNew ? undefined : first);
  }

  async function submit(event) {
    event.preventDefault();
    element.dataset.busy = 'yes';
    send.disabled = true;
    const errors = await actions.saveWebhook(webhook.id, body());
    delete element.dataset.busy;
    send.disabled = false;
    if (errors.length) placeErrors(element, controls, other, errors);
    else done(element);
  }

  const element = h('form', { class: 'schedule-form webhook-form', novalidate: true, 'aria-label': verb, data: { testid: 'webhook-form' },
    on: { submit } },
    h('section', { class: 'form-part' }, webhook.url === null && h('p', { class: 'soft' }, texts.FORM.editTasks),
      h('div', { class: 'fields' }, parts.map((part) => part.element))),
    audit.element, other,
    h('div', { class: 'actions' }, send, button(common.CANCEL, () => {
      done(element);
      go(pageUrl('webhooks', {}, webhook.id || null));
    })));
  return { element, first, members: all, send, audit };
}

function fields(webhook) {
  const line = (name, label, more) => {
    const part = fieldPart(plainField(name, label, { required: false, ...more }), 'webhook');
    const input = /** @type {HTMLInputElement} */ (part.controls.get(`/${name}`)?.input);
    return { name, ...part, input, text: () => JSON.stringify(input.value.trim()) };
  };
  const words = (name, label, hint) => {
    const part = line(name, label, { hint, example: webhook[name].join(' ') });
    return { ...part, text: () => JSON.stringify(tagsIn(part.input.value)) };
  };
  const description = line('description', 'Description', { hint: texts.FORM.description, example: webhook.description });
  description.input.maxLength = 200;
  if (webhook.url === null) return [description];
  const url = line('url', 'URL', { required: true, hint: texts.FORM.url, example: webhook.url });
  url.input.placeholder = 'https://example.com/hooks';
  url.input.type = 'url';
  return [
    url, description,
    boxes('states', texts.FORM.states, texts.FORM.statesMean, ENDS.map((state) => [state, look(state).label]), webhook.states),
    words('task_types', 'Task types', texts.FORM.types), words('tags', 'Tags', texts.FORM.tags),
    boxes('conditions', texts.FORM.conditions, texts.FORM.conditionsMean,
      CONDITIONS.map((code) => [code, texts.CONDITIONS[code]]), webhook.conditions),
  ];
}

/** A list of words as a box for each. @param {string[][]} choices word and label @param {string[]} chosen */
function boxes(name, label, hint, choices, chosen) {
  const made = choices.map(([word, text]) => {
    const input = /** @type {HTMLInputElement} */ (h('input', { type: 'checkbox', checked: chosen.includes(word), value: word }));
    return { input, element: h('label', { class: 'end-box' }, input, text) };
  });
  const error = h('p', { class: 'field-error', hidden: true });
  const element = h('fieldset', { class: 'field ends', tabindex: -1, data: { testid: `boxes-${name}` } }, h('legend', null, label),
    h('div', { class: 'end-boxes' }, made.map((box) => box.element)), h('p', { class: 'hint' }, hint), error);
  const show = (text) => {
    error.textContent = text;
    error.hidden = !text;
  };
  return {
    name, element, controls: new Map([[`/${name}`, { input: element, show }]]),
    text: () => JSON.stringify(made.filter(({ input }) => input.checked).map(({ input }) => input.value)),
  };
}
