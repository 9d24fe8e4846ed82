/* What the search box offers while one types: words, then the values that are known for a word. Pure. */

import { queueNames } from '../state/queue_names.js';
import { FIELDS, termAt, termText, WORDS } from '../state/search_text.js';
import { TASK_STATES, wordsOf } from '../state/task_state.js';
import { inTheApi, PAYLOAD_FIELD } from '../texts/tasks.js';

const MOST = 10;
const AGES = ['<5m', '<15m', '<1h', '<24h', '>1h'];
const SPANS = ['>100ms', '>1s', '>10s', '>1m', '<1s'];

/**
 * @typedef {{types: string[], fields: string[], tags: string[], workers: string[], causes: string[],
 *   values: Record<string, string[]>}} Known
 */
/** @typedef {{label: string, note: string, text: string, caret: number, open: boolean}} Completion
 *   `text` and `caret` are those of the box once it is chosen; `open`: a value is still to come */

/**
 * @param {string} text
 * @param {number} caret
 * @param {Known} known
 * @returns {Completion[]}
 */
export function completions(text, caret, known) {
  const term = termAt(text, caret);
  const found = term.word || text[caret - 1] === ':' ? valuesFor(term, known) : [...wordsFor(term, known), ...guesses(term, known)];
  return found.slice(0, MOST).map(({ word, value, note = '' }) => place(text, term, word, value, note));
}

function place(text, term, word, value, note) {
  const open = value === undefined;
  const written = open ? `${term.no ? '-' : ''}${word}` : `${termText({ no: term.no, word, value })} `;
  const rest = open ? text.slice(term.end) : text.slice(term.end).trimStart();
  return {
    label: open ? word : termText({ word, value }), note, open,
    text: text.slice(0, term.start) + written + rest, caret: term.start + written.length,
  };
}

function wordsFor({ value }, known) {
  const typed = value.toLowerCase().replace(/^-/, '');
  const words = Object.entries(WORDS).map(([word, note]) => ({ word: word === 'payload' ? 'payload.' : `${word}:`, note }));
  const fields = typed.startsWith('payload') ? known.fields.map((field) => ({ word: `payload.${field}:`, note: PAYLOAD_FIELD })) : [];
  const meant = Object.entries(FIELDS).filter(([field]) => typed.length > 1 && field.startsWith(typed)).map(([, word]) => `${word}:`);
  return [...fields, ...words].filter(({ word }) => (word.startsWith(typed) || meant.includes(word)) && word !== typed);
}

/** A bare text may be the beginning of a value: `fail` offers `state:failed`. */
function guesses({ value }, known) {
  const typed = value.toLowerCase();
  if (!typed) return [];
  return ['state', 'queue', 'type', 'tag'].flatMap((word) => valuesFor({ word, value: typed }, known));
}

function valuesFor({ word: written, value }, known) {
  const word = FIELDS[written] ?? written;
  const typed = value.toLowerCase();
  return choices(word, known)
    .filter(([choice, , also = []]) => choice !== value && [choice, ...also].some((name) => name.toLowerCase().includes(typed)))
    .sort(([a], [b]) => Number(b.toLowerCase().startsWith(typed)) - Number(a.toLowerCase().startsWith(typed)))
    .map(([choice, note]) => ({ word, value: choice, note }));
}

/** @returns {[string, string?, string[]?][]} a value, what it means, and what else it is called */
function choices(word, known) {
  if (word === 'state') {
    return Object.entries(TASK_STATES).map(([state, { means }]) => [wordsOf(state)[0], inTheApi(means, state), wordsOf(state)]);
  }
  if (word === 'queue') return queueNames().map((each) => [each]);
  if (word === 'age') return AGES.map((each) => [each]);
  if (word === 'dur' || word === 'wait') return SPANS.map((each) => [each]);
  const lists = { type: known.types, tag: known.tags, worker: known.workers, cause: known.causes };
  const named = (table) => (Object.hasOwn(table, word) ? table[word] : undefined);
  return (named(lists) ?? named(known.values) ?? []).map((each) => [each]);
}

/**
 * What completion knows: the registered types and their fields, and what was seen in tasks.
 * @param {any[]|null} taskTypes
 * @param {Iterable<import('../state/records.js').Task>} tasks
 * @returns {Known}
 */
export function knownFrom(taskTypes, tasks) {
  const sets = { types: new Set(), fields: new Set(), tags: new Set(), workers: new Set(), causes: new Set() };
  const values = {};
  for (const type of taskTypes ?? []) {
    sets.types.add(type.task_type);
    for (const field of Object.keys(type.schema?.properties ?? {})) sets.fields.add(field);
  }
  for (const task of tasks) {
    sets.types.add(task.task_type);
    for (const tag of task.tags ?? []) sets.tags.add(tag);
    if (task.worker) sets.workers.add(task.worker);
    if (task.cause) sets.causes.add(task.cause);
    for (const [field, value] of plainMembers(task.payload)) (values[`payload.${field}`] ??= new Set()).add(value);
  }
  const list = (set) => [...set].slice(0, 200);
  return {
    types: list(sets.types), fields: list(sets.fields), tags: list(sets.tags), workers: list(sets.workers), causes: list(sets.causes),
    values: Object.fromEntries(Object.entries(values).map(([word, set]) => [word, list(set)])),
  };
}

/** The short members of a payload, without reading its numbers as numbers. */
function plainMembers(source) {
  if (!source || source.length > 2_000) return [];
  return [...source.matchAll(/"([A-Za-z_]\w*)": ?("(?:[^"\\]|\\.){1,40}"|-?\d[\d.eE+-]{0,40}|true|false)(?=[,}])/g)]
    .map(([, field, value]) => [field, value.startsWith('"') ? JSON.parse(value) : value]);
}
