/* The small parts that every view shares: state badges, copy buttons, bars, empty states. */

import { h } from '../lib/dom.js';
import { fullTime } from '../lib/format.js';
import { LOGO } from '../lib/root.js';
import { look } from '../state/task_state.js';
import { icon } from './icons.js';
import * as common from '../texts/common.js';

/** The state of a task in colour, shape and word. @param {string} status */
export function stateBadge(status) {
  const { label, icon: shape, means } = look(status);
  return h('span', { class: 'state', data: { state: status }, title: `${status}: ${means}` },
    icon(shape), h('span', null, label));
}

/**
 * @param {{copy: (text: string, what: string) => unknown}} actions
 * @param {string|(() => string)} text
 * @param {string} what "task id", for the label and the toast
 */
export function copyButton(actions, text, what) {
  return h('button', {
    type: 'button', class: 'icon-button', title: `Copy ${what}`, 'aria-label': `Copy ${what}`,
    on: { click: () => actions.copy(typeof text === 'string' ? text : text(), what) },
  }, icon('copy'));
}

/**
 * A small button with words.
 * @param {string} label
 * @param {(event: MouseEvent) => void} onClick
 * @param {Record<string, any>} [props]
 * @param {string} [iconName]
 */
export function button(label, onClick, props = {}, iconName) {
  const { class: extra = '', ...rest } = props;
  return h('button', { type: 'button', class: `button ${extra}`, on: { click: onClick }, ...rest },
    iconName && icon(iconName), h('span', null, label));
}

/** A progress bar with its text. @param {{fraction: number, text: string}} progress */
export function progressBar({ fraction, text }) {
  const percent = Math.round(Math.min(1, Math.max(0, fraction)) * 100);
  return h('div', { class: 'progress' },
    h('div', {
      class: 'progress-track', role: 'progressbar', 'aria-valuenow': percent, 'aria-valuemin': 0,
      'aria-valuemax': 100, 'aria-label': 'Progress',
    }, h('div', { class: 'progress-fill', style: { width: `${percent}%` } })),
    h('span', { class: 'progress-text' }, `${percent} %`, text && h('span', { class: 'soft', dir: 'auto' }, text)));
}

/**
 * An instant in words, the whole date in its tooltip.
 * @param {string|number|null} at
 * @param {string} words
 */
export function time(at, words) {
  return at === null
    ? h('span', { class: 'faint' }, '–')
    : h('time', { datetime: new Date(at).toISOString(), title: fullTime(at) }, words);
}

/**
 * What an empty place says: what is (not) here, and what to do.
 * @param {string} title
 * @param {import('../lib/dom.js').Children[]} body
 */
export function emptyState(title, ...body) {
  return h('div', { class: 'empty' },
    h('img', { src: LOGO, width: 70, height: 39, alt: '' }),
    h('h3', null, title), h('p', null, ...body));
}

/**
 * What is shown instead of something that could not be loaded and is tried again; a key that may
 * not see it gets no such promise.
 * @param {import('../state/records.js').Problem} problem
 * @param {string} [what]
 */
export function loadFailure(problem, what) {
  return problem.code === 'forbidden'
    ? emptyState(common.notForThisKey(what), problem.text)
    : emptyState(common.cantLoad(what), common.retrying(problem.text));
}

/**
 * Pairs of a name and a value.
 * @param {[string, import('../lib/dom.js').Children][]} pairs
 */
export function facts(pairs) {
  return h('dl', { class: 'facts' },
    pairs.map(([name, value]) => h('div', { key: name }, h('dt', null, name), h('dd', null, value))));
}

/** @param {string} text a command to type */
export function code(text) {
  return h('code', null, text);
}

/** Close the dialog around a button; the browser restores the focus. @param {Event} event */
export function shut({ target }) {
  /** @type {Element} */ (target).closest('dialog')?.close();
}

/** A title above a block of content. @param {string} title @param {import('../lib/dom.js').Children[]} aside */
export function sectionHead(title, ...aside) {
  return h('div', { class: 'section-head' }, h('h2', null, title), ...aside);
}
