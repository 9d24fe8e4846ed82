/* A field for a number of seconds, typed in the unit that people think in. */

import { h } from '../lib/dom.js';
import { UNITS } from '../state/schedules.js';
import { fieldPart } from './field.js';

const NUMBER = /^\d+(\.\d+)?$/;

/**
 * @param {import('./field.js').Field} field of kind "number"
 * @param {string} prefix makes ids unique on the page
 * @param {{unit: string, label: string, testid: string}} more the unit at first, and the name of its select
 * @returns {import('./field.js').Part & {element: HTMLElement}} seconds
 */
export function durationPart(field, prefix, { unit, label, testid }) {
  const { element, controls, blank } = fieldPart(field, prefix);
  const input = /** @type {HTMLInputElement} */ (controls.get(field.pointer)?.input);
  const units = /** @type {HTMLSelectElement} */ (h('select', { 'aria-label': label, data: { testid } },
    Object.keys(UNITS).map((each) => h('option', { value: each, selected: each === unit }, `${each}s`))));
  input.after(units);
  element.classList.add('every');
  return { element, controls, text: () => seconds(input.value.trim(), units.value, field.required), blank };
}

/** As the API takes it: a number of seconds; what is none goes as text, and the server says so. */
function seconds(typed, unit, required) {
  if (!typed && !required) return null;
  if (!NUMBER.test(typed)) return JSON.stringify(typed);
  return unit === 'second' ? typed : String(Number(typed) * UNITS[unit]);
}
