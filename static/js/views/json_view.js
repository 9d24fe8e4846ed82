/* JSON for reading: indented, coloured by kind, digits as they were sent. */

import { h } from '../dom.js';
import { prettyText, prettyTokens } from '../json_text.js';
import { copyButton } from './parts.js';

const MOST = 4_000;

/**
 * @param {string} title
 * @param {string} source JSON text
 * @param {any} actions
 */
export function jsonBlock(title, source, actions) {
  const tokens = prettyTokens(source);
  const cut = tokens.length > MOST;
  return h('section', { class: 'block', key: title },
    h('div', { class: 'block-head' }, h('h3', null, title), copyButton(actions, prettyText(source), title.toLowerCase())),
    h('pre', { class: 'json', tabindex: 0, 'aria-label': title },
      tokens.slice(0, MOST).map(({ kind, text }) =>
        (kind === 'space' || kind === 'mark' ? text : h('span', { class: `j-${kind}` }, text)))),
    cut && h('p', { class: 'faint' }, `The first ${MOST} parts are shown; copy takes all.`));
}
