/* Shows a text in which `code` is marked with backticks. */

import { h } from '../lib/dom.js';

/** @param {string} text @returns {(string|HTMLElement)[]} */
export function prose(text) {
  return text.split(/`([^`\n]+)`/).map((part, i) => (i % 2 ? h('code', null, part) : part));
}

/** A name that breaks only behind an underscore or a dot, where it must. @param {string} name */
export function breakable(name) {
  return name.split(/(?<=[_.])/).flatMap((part, i) => (i ? [h('wbr', { key: i }), part] : [part]));
}

/**
 * A name that may be too long for its place: the middle is left out where it does not fit, because
 * the ends tell names apart.
 * @param {string} name
 */
export function longName(name) {
  const at = Math.max(0, name.length - 10);
  return name.length < 24 ? name : h('span', { class: 'long-name', title: name },
    h('span', null, name.slice(0, at)), h('span', null, name.slice(at)));
}
