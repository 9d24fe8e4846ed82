/* Runs a task again with another payload: its form, or its JSON. The server checks it, and what it
   says is wrong is shown at the field, or at the line. */

import { h, mount } from '../lib/dom.js';
import { placeOf, prettyText, sameJson } from '../lib/json_text.js';
import { go, taskUrl } from '../lib/router.js';
import { submissionText, submitForm } from './form.js';
import { jsonProblem } from './payload_form.js';
import { button } from '../components/parts.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/task.js';

/** @type {{id: string, element: HTMLElement}|null} kept, so that a refresh takes no letter away */
let made = null;

/**
 * @param {import('../state/records.js').Task} task
 * @param {any[]|null} taskTypes
 * @param {import('../state/actions.js').Actions} actions
 */
export function againForm(task, taskTypes, actions) {
  const id = task.task_id;
  if (!taskTypes) return h('p', { class: 'booting', key: 'again-soon' }, common.LOADING);
  const type = taskTypes.find((each) => each.task_type === task.task_type) ?? null;
  if (made?.id !== id) made = { id, element: create(task, type, actions) };
  const { element } = made;
  return h('section', { class: 'block', key: 'again', data: { testid: 'again' } },
    h('div', { class: 'block-head' }, h('h3', null, texts.RUN_AGAIN), h('a', { href: taskUrl(id) }, texts.BACK_TO_TASK)),
    h('p', { class: 'soft' }, texts.RUN_AGAIN_MEANS),
    h('div', { key: id, wake: (host) => host.append(element) }));
}

function create(task, type, actions) {
  const onSent = (taskId) => {
    made = null;
    go(taskUrl(taskId));
  };
  const host = h('div', { class: 'again' });
  const asForm = (source) => submitForm(type, actions, {
    source, queue: task.queue, tags: task.tags ?? [], prefix: `again-${task.task_id.slice(0, 8)}`, onSent,
  });
  const asJson = (source) => jsonForm(task, source, actions, onSent);
  const show = (mode, form) => {
    mount(host);
    host.append(
      type ? h('div', { class: 'modes', role: 'group', 'aria-label': 'Edit as' },
        button('Form', () => mode === 'json' && form.isJson() && show('form', asForm(form.payloadText())),
          { 'aria-pressed': String(mode === 'form'), data: { testid: 'again-form' } }),
        button('JSON', () => mode === 'form' && show('json', asJson(form.payloadText())),
          { 'aria-pressed': String(mode === 'json'), data: { testid: 'again-json' } })) : '',
      form);
  };
  const form = type && asForm(task.payload);
  // A form that cannot say the whole payload would change it behind the reader's back.
  if (form && sameJson(form.payloadText(), task.payload)) show('form', form);
  else show('json', asJson(task.payload));
  return host;
}

function jsonForm(task, source, actions, onSent) {
  const id = `again-json-${task.task_id.slice(0, 8)}`;
  const area = /** @type {HTMLTextAreaElement} */ (h('textarea', {
    id, class: 'mono', rows: 14, spellcheck: 'false', 'aria-describedby': `${id}-errors`, data: { testid: 'again-text' },
  }, prettyText(source)));
  const errors = h('ul', { class: 'form-errors', id: `${id}-errors`, role: 'alert' });
  const send = /** @type {HTMLButtonElement} */ (h('button', { type: 'submit', class: 'button primary', data: { testid: 'again-send' } },
    'Run again'));

  function show(list) {
    area.toggleAttribute('aria-invalid', false);
    if (list.length) area.setAttribute('aria-invalid', 'true');
    mount(errors, list.map(({ pointer, message }) => {
      const place = pointer?.startsWith('/payload') ? placeOf(area.value, pointer.slice('/payload'.length)) : null;
      return h('li', null, place
        ? h('button', { type: 'button', class: 'link', on: { click: () => select(place) } }, texts.atLine(place.line, pointer, message))
        : message);
    }));
    const first = list.find(({ pointer }) => pointer?.startsWith('/payload'));
    if (first) select(placeOf(area.value, first.pointer.slice('/payload'.length)));
  }

  function select({ start, end }) {
    area.focus();
    area.setSelectionRange(start, end);
  }

  async function submit(event) {
    event.preventDefault();
    const wrong = jsonProblem(area.value);
    if (wrong) return show([{ message: wrong }]);
    send.disabled = true;
    const refusal = await actions.submit(submissionText(task.task_type, area.value, task.queue, task.tags), area.value, onSent);
    send.disabled = false;
    show(refusal ? (refusal.errors.length ? refusal.errors : [{ message: refusal.message }]) : []);
  }

  const form = h('form', { class: 'submit-form', novalidate: true, on: { submit }, 'aria-label': `Run ${task.task_type} again` },
    h('div', { class: 'field json' }, h('label', { for: id }, 'Payload'), area), errors, h('div', { class: 'actions' }, send));
  const payloadText = () => area.value;
  return Object.assign(form, {
    payloadText,
    isJson() {
      const wrong = jsonProblem(area.value);
      if (wrong) show([{ message: wrong }]);
      return !wrong;
    },
  });
}
