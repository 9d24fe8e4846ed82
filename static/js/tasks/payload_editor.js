/* The payload of a task that is there, to edit: as the form of its type, or as JSON. The server
   checks it, and its errors are shown at the field, or at the line. */

import { h, mount } from '../lib/dom.js';
import { placeOf, prettyText, sameJson } from '../lib/json_text.js';
import { jsonProblem, payloadPart } from './payload_form.js';
import { button } from '../components/parts.js';
import * as texts from '../texts/task.js';

/** @typedef {import('./payload_form.js').PayloadPart} PayloadPart */

/**
 * @param {{payload: string}} task
 * @param {any} type one of GET /api/task-types; null: this service does not know it
 * @param {string} prefix makes ids unique on the page
 * @returns {PayloadPart}
 */
export function payloadEditor(task, type, prefix) {
  const host = h('div', { class: 'payload-editor' });
  /** @type {PayloadPart} */
  let part;

  function show(mode, next) {
    part = next;
    mount(host);
    if (type) host.append(modes(mode));
    host.append(part.element);
  }

  function modes(mode) {
    const choice = (name, label, click) => button(label, click,
      { 'aria-pressed': String(mode === name), data: { testid: `again-${name}` } });
    return h('div', { class: 'modes', role: 'group', 'aria-label': 'Edit as' },
      choice('form', 'Form', () => mode === 'json' && isJson() && show('form', payloadPart(type, prefix, part.text()))),
      choice('json', 'JSON', () => mode === 'form' && show('json', jsonPart(prefix, part.text()))));
  }

  function isJson() {
    const wrong = part.problem();
    if (wrong) for (const { show: say } of part.controls.values()) { say(''); say(wrong); }
    return !wrong;
  }

  const form = type && payloadPart(type, prefix, task.payload);
  // A form that cannot say the whole payload would change it behind the reader's back.
  if (form && sameJson(form.text(), task.payload)) show('form', form);
  else show('json', jsonPart(prefix, task.payload));
  return {
    element: host,
    get controls() { return part.controls; },
    text: () => part.text(),
    problem: () => part.problem(),
  };
}

/** @param {string} prefix @param {string} source JSON text @returns {PayloadPart} */
function jsonPart(prefix, source) {
  const id = `${prefix}-json`;
  const area = /** @type {HTMLTextAreaElement} */ (h('textarea', {
    id, class: 'mono', rows: 14, spellcheck: 'false', 'aria-describedby': `${id}-errors`, data: { testid: 'again-text' },
  }, prettyText(source)));
  const errors = h('ul', { class: 'form-errors', id: `${id}-errors`, role: 'alert' });

  function select({ start, end }) {
    area.focus();
    area.setSelectionRange(start, end);
  }

  function say(message, pointer = '') {
    if (!message) {
      area.removeAttribute('aria-invalid');
      return mount(errors);
    }
    area.setAttribute('aria-invalid', 'true');
    const inner = pointer.slice('/payload'.length);
    const place = inner && placeOf(area.value, inner);
    if (place && !errors.childElementCount) select(place);
    errors.append(h('li', null, place
      ? h('button', { type: 'button', class: 'link', on: { click: () => select(place) } }, texts.atLine(place.line, pointer, message))
      : message));
  }

  return {
    element: h('div', { class: 'field json' }, h('label', { for: id }, 'Payload'), area, errors),
    controls: new Map([['/payload', { input: area, show: say }]]),
    text: () => area.value,
    problem: () => jsonProblem(area.value),
  };
}
