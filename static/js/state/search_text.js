/* The search language as the page edits it: terms are found, added and taken out of one text. What
   a search means, and whether it is right, the server decides (huey_tasks/search/query.py). Pure. */

import { queueNames } from './queue_names.js';
import { stateNamed, wordsOf } from './task_state.js';
import { DELIVERY_TYPE } from './webhooks.js';
import { SEARCH_WORDS } from '../texts/tasks.js';

/** The words of the language, and what each looks at. */
export const WORDS = SEARCH_WORDS;

/** What the API calls the same thing; huey_tasks/search/query.py knows the same. @type {Record<string, string>} */
export const FIELDS = { status: 'state', priority: 'queue', task_type: 'type', task_id: 'id', tags: 'tag', duration: 'dur' };

const TERM = /(?<no>-?)(?:(?<word>[A-Za-z_]+(?:\.[^\s:"]+)?):)?(?:"(?<quoted>(?:[^"\\]|\\.)*)"?|(?<plain>[^\s"]*))(?:\s+|$)/y;

/** @typedef {{start: number, end: number, no: boolean, word: string, value: string}} Term
 *   `end` is behind the last character of the term; `word` is '' where none was written */

/** @param {string} text @returns {Term[]} */
export function termsOf(text) {
  const terms = [];
  let at = text.length - text.trimStart().length;
  while (at < text.length) {
    TERM.lastIndex = at;
    const found = TERM.exec(text);
    // What is no term (a quotation mark in the middle of a word) is kept unchanged.
    const raw = found?.[0] || text.slice(at);
    const groups = /** @type {Record<string, string|undefined>} */ (found?.[0] ? found.groups : {});
    const { no = '', word = '', quoted, plain = raw } = groups;
    const value = quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1');
    const end = at + raw.trimEnd().length;
    terms.push({ start: at, end, no: no === '-', word: word.replace(/^[^.]+/, (name) => name.toLowerCase()), value });
    at += raw.length;
  }
  return terms;
}

/** @param {{no?: boolean, word: string, value: string}} term */
export function termText({ no = false, word, value }) {
  const means = word ? /^payload\./.test(word) && /^[<>]/ : /^-|^[A-Za-z_.]+:|^(AND|OR|NOT|&&|\|\|)$/;
  const plain = /^[^\s"]+$/.test(value) && !(means && means.test(value));
  const written = plain ? value : `"${value.replace(/(["\\])/g, '\\$1')}"`;
  return `${no ? '-' : ''}${word ? `${word}:` : ''}${written}`;
}

/** The values that are wanted under a word, in lower case. @param {string} text @param {string} word */
export function valuesOf(text, word) {
  const values = termsOf(text).filter((term) => term.word === word && !term.no).map((term) => term.value.toLowerCase());
  return word === 'state' ? values.map((value) => shown(value)) : values;
}

/** A state's name on the page, from any of its names. */
function shown(value) {
  const state = stateNamed(value);
  return state ? wordsOf(state)[0] : value;
}

/**
 * The text with exactly these values under a word; terms that exclude stay.
 * @param {string} text
 * @param {string} word
 * @param {string[]} values
 */
export function withValues(text, word, values) {
  const others = termsOf(text).filter((term) => term.word !== word || term.no);
  return [...others.map(({ start, end }) => text.slice(start, end)), ...values.map((value) => termText({ word, value }))].join(' ');
}

/** The text with a value added under a word, or taken away. @param {string} text @param {string} word @param {string} value */
export function toggled(text, word, value) {
  const values = valuesOf(text, word);
  return withValues(text, word, values.includes(value) ? values.filter((each) => each !== value) : [...values, value]);
}

const isDelivery = ({ no, word, value }) => no && word === 'type' && value === DELIVERY_TYPE;

/** Whether the text leaves deliveries of webhooks out. @param {string} text */
export const hasNoDeliveries = (text) => termsOf(text).some(isDelivery);

/** The text that leaves them out, or that no longer does. @param {string} text @param {boolean} [out] */
export function withoutDeliveries(text, out = true) {
  const others = termsOf(text).filter((term) => !isDelivery(term)).map(({ start, end }) => text.slice(start, end));
  return [...others, ...(out ? [termText({ no: true, word: 'type', value: DELIVERY_TYPE })] : [])].join(' ');
}

/**
 * The term that the caret is in or behind, as far as it is typed.
 * @param {string} text
 * @param {number} caret
 * @returns {Term}
 */
export function termAt(text, caret) {
  const typed = termsOf(text.slice(0, caret)).at(-1);
  if (typed && typed.end === caret) {
    const whole = termsOf(text).find(({ start }) => start === typed.start);
    return { ...typed, end: Math.max(typed.end, whole?.end ?? 0) };
  }
  return { start: caret, end: caret, no: false, word: '', value: '' };
}

/**
 * Whether the text can be searched for while it is being typed; of half a word the server would only
 * say what is wrong with it.
 * @param {string} text
 */
export function isWhole(text) {
  const quotes = text.replace(/\\./g, '').split('"').length - 1;
  return quotes % 2 === 0 && termsOf(text).every(({ word, value }) => {
    if (!value || value === '-') return false;
    if (word === 'state') return stateNamed(value) !== null;
    if (word === 'queue') return queueNames().includes(value.toLowerCase());
    if (word === 'age' || word === 'dur' || word === 'wait') return /^[<>]=?\d+(\.\d+)?(ms|s|m|h|d)$/.test(value);
    return word === '' || word in WORDS || (/^payload\../.test(word) && !/^[<>]=?-?$/.test(value));
  });
}
