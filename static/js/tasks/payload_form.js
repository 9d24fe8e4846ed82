/* What every form that makes tasks shares: the fields of a payload, the queue, and the place of what
   the server says is wrong. */

import { h, mount } from '../lib/dom.js';
import { fieldsOf, withSources } from './payload_schema.js';
import { queueNames } from '../state/queue_names.js';
import { fieldPart, objectText } from '../components/field.js';
import { EMPTY_TEXT } from '../texts/submit.js';
import * as texts from '../texts/task.js';

/**
 * @typedef {{element: HTMLElement, controls: Map<string, import('../components/field.js').Control>, text: () => string,
 *   problem: () => string, blank?: () => string[]}} PayloadPart `text`: JSON, unless `problem` says what is wrong with it;
 *   `blank`: pointers of required texts that are empty
 */

/**
 * The fields of a payload.
 * @param {any} type one of GET /api/task-types
 * @param {string} prefix makes ids unique on the page
 * @param {string} [source] JSON text of a payload; without it the example is filled in
 * @returns {PayloadPart}
 */
export function payloadPart(type, prefix, source) {
  const plain = fieldsOf(type.schema, type.example);
  const fields = source === undefined ? plain : withSources(plain, source);
  const parts = fields.map((field) => fieldPart(field, prefix));
  return {
    element: h('div', { class: 'fields' }, parts.length ? parts.map((part) => part.element) : h('p', { class: 'soft' }, texts.NO_PAYLOAD)),
    controls: new Map(parts.flatMap((part) => [...part.controls])),
    text: () => objectText(parts, fields),
    problem: () => '',
    blank: () => parts.flatMap((part) => part.blank()),
  };
}

/**
 * Returns what asks at each required text that is empty, and whether it has asked: the same submission,
 * sent again, means it.
 * @param {(errors: {pointer: string, message: string}[]) => void} show
 */
export function asksOnce(show) {
  let asked = '';
  return (/** @type {PayloadPart} */ payload, /** @type {string} */ body) => {
    const blank = body === asked ? [] : payload.blank?.() ?? [];
    asked = body;
    if (blank.length) show(blank.map((pointer) => ({ pointer, message: EMPTY_TEXT })));
    return blank.length > 0;
  };
}

/**
 * Which queue a task goes to; that of its type has the empty value.
 * @param {any} type
 * @param {string} prefix
 * @param {string} [chosen]
 */
export function queueSelect(type, prefix, chosen) {
  const select = /** @type {HTMLSelectElement} */ (h('select', { id: `${prefix}-queue`, name: 'queue', data: { testid: 'queue-select' } },
    queueNames().filter((each) => !type.queues?.length || type.queues.includes(each)).map((each) => (each === type.queue
      ? h('option', { value: '', selected: !chosen || each === chosen }, texts.ownQueue(each))
      : h('option', { value: each, selected: each === chosen }, each)))));
  return { select, element: h('div', { class: 'field' }, h('label', { for: select.id }, 'Queue'), select) };
}

/**
 * Put each error at the field that its pointer names, the others into `other`; the first wrong field
 * gets the focus.
 * @param {HTMLElement} form
 * @param {Map<string, import('../components/field.js').Control>} controls by pointer
 * @param {HTMLElement} other a list
 * @param {{pointer: string, message: string}[]} errors
 */
export function placeErrors(form, controls, other, errors) {
  for (const { show } of controls.values()) show('');
  const homeless = errors.filter(({ pointer, message }) => {
    const control = nearest(controls, pointer);
    control?.show(message, pointer);
    const folded = control?.input.closest('details');
    if (folded) folded.open = true;
    return !control;
  });
  mount(other, homeless.map(({ pointer, message }) => h('li', null, pointer ? `${pointer}: ${message}` : message)));
  /** @type {HTMLElement|null} */ (form.querySelector('[aria-invalid]'))?.focus();
}

/** The words of a field of tags. @param {string} text */
export function tagsIn(text) {
  return text.split(/[\s,]+/).filter(Boolean);
}

/** What is wrong with a text that should be a payload; empty if nothing is. @param {string} text */
export function jsonProblem(text) {
  try {
    const value = JSON.parse(text);
    return value && typeof value === 'object' && !Array.isArray(value) ? '' : texts.PAYLOAD_IS_OBJECT;
  } catch (error) {
    return texts.notJson(/** @type {Error} */ (error).message);
  }
}

/** The control that a pointer names, or the closest one around it. */
function nearest(controls, pointer) {
  for (let at = pointer; at; at = at.slice(0, at.lastIndexOf('/'))) {
    const control = controls.get(at);
    if (control) return control;
  }
  return null;
}
