/* The options of a submit, folded until they are wanted: when it may start, its place in the queue,
   its tags, and what makes it unique. */

import { h } from '../lib/dom.js';
import { durationPart } from '../components/duration_field.js';
import { fieldPart, plainField } from '../components/field.js';
import { tagsIn } from './payload_form.js';
import { startPart } from './start_part.js';
import * as texts from '../texts/submit.js';

/**
 * @param {string} prefix makes ids unique on the page
 * @param {{tags?: string[], queue_priority?: number}} [first] the task that is submitted again
 * @returns {{element: HTMLElement, controls: Map<string, import('../components/field.js').Control>,
 *   members: () => Record<string, string>}} values as JSON texts; what is not set is left out
 */
export function optionsPart(prefix, first = {}) {
  const start = startPart(prefix);
  const within = optionalDuration('expires_in', texts.WITHIN, texts.WITHIN_MEANS, prefix);
  const unique = optionalDuration('unique_for', texts.UNIQUE_FOR, texts.UNIQUE_FOR_MEANS, prefix);
  const key = fieldPart(plainField('unique_key', texts.UNIQUE_KEY, { required: false, hint: texts.UNIQUE_KEY_MEANS }), prefix);
  const { priority, tags } = placeFields(prefix, first);
  const set = h('span', { class: 'faint', data: { testid: 'options-set' } });
  const parts = [start, within, priority, tags, unique, key];

  function members() {
    const given = {
      expires_in: within.text(), queue_priority: priority.text(), tags: tags.text(), unique_for: unique.text(), unique_key: key.text(),
    };
    return { ...start.members(), .../** @type {Record<string, string>} */ (Object.fromEntries(
      Object.entries(given).filter(([, text]) => text !== null))) };
  }

  function count() {
    const n = Object.keys(members()).length;
    set.textContent = n ? texts.optionsSet(n) : '';
  }

  const element = h('details', { class: 'submit-options', data: { testid: 'options' }, on: { input: count, change: count } },
    h('summary', null, texts.OPTIONS, ' ', set), h('div', { class: 'fields' }, parts.map((part) => part.element)));
  count();
  return { element, controls: new Map(parts.flatMap((part) => [...part.controls])), members };
}

/**
 * Its priority within the queue, and its tags.
 * @param {string} prefix
 * @param {{tags?: string[], queue_priority?: number}} first
 */
export function placeFields(prefix, { tags = [], queue_priority: place = 0 }) {
  const words = fieldPart(plainField('tags', 'Tags', { required: false, example: tags.join(' '), hint: texts.TAGS_MEANS }), prefix);
  const input = /** @type {HTMLInputElement} */ (words.controls.get('/tags')?.input);
  return {
    priority: fieldPart(plainField('queue_priority', texts.PRIORITY, {
      kind: 'integer', required: false, example: place || undefined, hint: texts.PRIORITY_MEANS,
    }), prefix),
    tags: { ...words, text: () => (input.value.trim() ? JSON.stringify(tagsIn(input.value)) : null) },
  };
}

function optionalDuration(name, label, hint, prefix) {
  return durationPart(plainField(name, label, { kind: 'number', required: false, hint }), prefix,
    { unit: 'minute', label: texts.unitOf(label), testid: `${name}-unit` });
}
