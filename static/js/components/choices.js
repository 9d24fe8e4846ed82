/* Ways to choose what a page shows, each choice an address of its own. */

import { h } from '../lib/dom.js';
import { go } from '../lib/router.js';

/**
 * A row of links of which one is chosen.
 * @param {string} label for screen readers
 * @param {string} chosen
 * @param {[string, string][]} options value and words
 * @param {(value: string) => string} url
 */
export function segments(label, chosen, options, url) {
  return h('div', { class: 'segments', role: 'group', 'aria-label': label },
    options.map(([value, words]) => h('a', {
      key: value, href: url(value), 'aria-current': value === chosen ? 'true' : null, data: { value },
    }, words)));
}

/**
 * A select whose choice is an address.
 * @param {string} id
 * @param {string} label
 * @param {string} chosen
 * @param {[string, string][]} options value and words
 * @param {(value: string) => string} url
 */
export function chooser(id, label, chosen, options, url) {
  return h('label', { class: 'inline-field', key: id }, label, h('select', {
    id, shows: chosen, data: { testid: id }, on: { change: (event) => go(url(event.target.value)) },
  }, options.map(([value, words]) => h('option', { value, key: value }, words))));
}
