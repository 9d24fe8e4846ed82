/* JSON for reading: indented, coloured by kind, digits as they were sent. */

import { h } from '../dom.js';
import { count } from '../format.js';
import { prettyText, prettyTokens } from '../json_text.js';
import { copyButton } from './parts.js';

const MOST = 4_000;
/** Characters of one text: laying out a megabyte would hold up the page. */
const LONGEST = 20_000;
const REMEMBERED = 8;
/** @type {Map<string, import('../json_text.js').Token[]>} */
const seen = new Map();

/**
 * @param {string} title
 * @param {string} source JSON text
 * @param {any} actions
 */
export function jsonBlock(title, source, actions) {
  const tokens = tokensOf(source);
  const cut = tokens.length > MOST;
  return h('section', { class: 'block', key: title },
    h('div', { class: 'block-head' }, h('h3', null, title), copyButton(actions, () => prettyText(source), title.toLowerCase())),
    h('pre', { class: 'json', tabindex: 0, 'aria-label': title },
      tokens.slice(0, MOST).map(({ kind, text }) =>
        (kind === 'space' || kind === 'mark' ? text : h('span', { class: `j-${kind}` }, shortened(text))))),
    cut && h('p', { class: 'faint' }, `The first ${MOST} parts are shown; copy takes all.`));
}

/** A page is drawn every second, what a task carries changes hardly ever. */
function tokensOf(source) {
  const known = seen.get(source) ?? prettyTokens(source);
  seen.set(source, known);
  if (seen.size > REMEMBERED) seen.delete(seen.keys().next().value);
  return known;
}

function shortened(text) {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${count(text.length)} characters; copy takes all)` : text;
}
