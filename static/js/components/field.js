/* One field of a form: its label, its control, its error, and its value as JSON text. Numbers are
   typed and sent as text, so that no digit is lost on the way. */

import { h } from '../lib/dom.js';
import { prettyText } from '../lib/json_text.js';
import { prose } from './prose.js';

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/**
 * @typedef {'text'|'long'|'email'|'integer'|'number'|'date'|'enum'|'boolean'|'object'|'json'} Kind
 * @typedef {{name: string, pointer: string, kind: Kind, label: string, hint: string,
 *   required: boolean, nullable: boolean, options: string[], fields: Field[], example: any, source?: string, refusesEmpty?: boolean}} Field
 *   `pointer` counts from the submission, like the pointers of a 422 ("/payload/amount");
 *   `options` are JSON texts; `refusesEmpty`: the server takes no empty text
 */
/** @typedef {{element: HTMLElement, controls: Map<string, Control>, text: () => string|null, blank: () => string[]}} Part
 *   `text` is null when the member is left out; `blank`: pointers of required texts that are empty */
/** @typedef {{input: HTMLElement, show: (text: string, pointer?: string) => void}} Control
 *   `pointer`: what within it the text is about */

/** @param {Field} field @param {string} prefix makes ids unique on the page @returns {Part} */
export function fieldPart(field, prefix) {
  return field.kind === 'object' ? groupPart(field, prefix) : singlePart(field, prefix);
}

/**
 * A field that no schema describes.
 * @param {string} name
 * @param {string} label
 * @param {Partial<Field>} [more]
 * @returns {Field}
 */
export function plainField(name, label, more = {}) {
  return { name, label, pointer: `/${name}`, kind: 'text', hint: '', required: true, nullable: false, options: [], fields: [],
    example: undefined, ...more };
}

/**
 * A box to tick, with what it means.
 * @param {string} id
 * @param {string} label
 * @param {boolean} checked
 * @param {string} hint
 */
export function checkField(id, label, checked, hint) {
  const input = /** @type {HTMLInputElement} */ (h('input',
    { id, type: 'checkbox', checked, 'aria-describedby': `${id}-hint`, data: { testid: id } }));
  return { input, element: h('div', { class: 'check-field' }, input, h('label', { for: id }, label),
    h('p', { class: 'hint', id: `${id}-hint` }, hint)) };
}

/** @param {Part[]} parts @param {{name: string}[]} fields @returns {string} a JSON object */
export function objectText(parts, fields) {
  const members = parts.map((part, i) => [fields[i].name, part.text()]).filter(([, text]) => text !== null);
  return `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
}

function groupPart(field, prefix) {
  const parts = field.fields.map((inner) => fieldPart(inner, prefix));
  const error = h('p', { class: 'field-error', hidden: true });
  const element = h('fieldset', { class: 'group', tabindex: -1 }, h('legend', null, field.label), hint(field),
    h('div', { class: 'group-fields' }, parts.map((part) => part.element)), error);
  const controls = new Map(parts.flatMap((part) => [...part.controls]));
  controls.set(field.pointer, { input: element, show: (text) => say(error, text) });
  return { element, controls, text: () => objectText(parts, field.fields), blank: () => parts.flatMap((part) => part.blank()) };
}

function singlePart(field, prefix) {
  const id = `${prefix}${field.pointer.replaceAll('/', '-')}`;
  const input = /** @type {HTMLInputElement} */ (control(field, id));
  const error = h('p', { class: 'field-error', id: `${id}-error`, hidden: true, data: { testid: `error-${field.pointer}` } });
  const element = h('div', { class: `field ${field.kind}` },
    h('label', { for: id }, field.label, !field.required && h('span', { class: 'faint' }, ' optional')),
    input, hint(field), error);
  const show = (text) => {
    say(error, text);
    if (text) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
  };
  input.addEventListener('input', () => show(''));
  const isText = field.kind === 'text' || field.kind === 'long';
  const blank = () => (isText && field.required && !field.nullable && !field.refusesEmpty && !input.value ? [field.pointer] : []);
  return { element, controls: new Map([[field.pointer, { input, show }]]), text: () => valueText(field, input), blank };
}

function hint(field) {
  return field.hint && h('p', { class: 'hint' }, prose(field.hint));
}

function say(error, text) {
  error.textContent = text;
  error.hidden = !text;
}

function control(field, id) {
  const common = { id, name: field.pointer, 'aria-describedby': `${id}-error`, autocomplete: 'off', spellcheck: 'false' };
  const { kind } = field;
  if (kind === 'enum') {
    const chosen = field.source === undefined ? JSON.stringify(field.example) : field.source && JSON.stringify(JSON.parse(field.source));
    return h('select', common, !field.required && h('option', { value: '' }, '–'), field.options.map((option) =>
      h('option', { value: option, selected: option === chosen }, String(JSON.parse(option)))));
  }
  if (kind === 'boolean') return h('input', { ...common, type: 'checkbox', checked: (field.source ?? String(field.example)) === 'true' });
  if (kind === 'long' || kind === 'json') {
    return h('textarea', { ...common, rows: kind === 'json' ? 5 : 3, class: kind === 'json' ? 'mono' : null }, firstText(field));
  }
  const numeric = kind === 'integer' || kind === 'number';
  return h('input', {
    ...common,
    // Numbers are text inputs: a number input drops what it cannot hold before anyone sees it.
    type: kind === 'email' || kind === 'date' ? kind : 'text',
    inputmode: numeric ? (kind === 'integer' ? 'numeric' : 'decimal') : null,
    value: firstText(field) || null,
  });
}

/** The first content of the field: the example, or a value as it was sent. */
function firstText({ kind, example, source }) {
  if (source !== undefined) {
    if (kind === 'json') return prettyText(source);
    return source === 'null' ? '' : source.startsWith('"') ? JSON.parse(source) : source;
  }
  if (kind === 'json') return example === undefined ? '' : JSON.stringify(example, null, 2);
  if (example === undefined || example === null) return '';
  return typeof example === 'object' ? JSON.stringify(example) : String(example);
}

function valueText(field, input) {
  if (field.kind === 'boolean') return String(input.checked);
  const typed = input.value;
  const blank = typed.trim() === '';
  if (blank && (field.nullable || !field.required)) return field.nullable ? 'null' : null;
  if (field.kind === 'enum') return typed || null;
  if ((field.kind === 'integer' || field.kind === 'number') && NUMBER.test(typed.trim())) return typed.trim();
  if (field.kind === 'json' && isJson(typed)) return typed;
  // What is no number or JSON goes as a string: the server says at this field what is wrong with it.
  return JSON.stringify(typed);
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
