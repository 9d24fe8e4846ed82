/* What the page of functions says while there is none: the file to save, where, and how to call it. */

import { hasKey } from '../api/session.js';
import { h } from '../lib/dom.js';
import { visible } from '../lib/json_text.js';
import { base } from '../lib/root.js';
import { copyButton, emptyState } from '../components/parts.js';
import { asCurl } from '../tasks/snippets.js';
import { freeName } from '../state/functions.js';
import * as texts from '../texts/functions.js';

const EVENT = '{"name":"ada"}';

/**
 * @param {string} folder
 * @param {import('../state/functions.js').Ignored[]} ignored whose names are not proposed
 * @param {import('../state/actions.js').Actions} actions
 */
export function firstFunction(folder, ignored, actions) {
  const name = freeName('hello', ignored);
  const file = `${folder}/${name}.py`;
  const save = `mkdir -p '${folder}'\ncat > '${file}' <<'END'\n${texts.FIRST_FILE}END\n`;
  const call = asCurl(EVENT, base(), hasKey(), `/api/functions/${name}/invoke`);
  return h('div', { class: 'first-function', key: 'none', data: { testid: 'first-function' } },
    emptyState(texts.NONE, texts.NONE_WHAT, h('code', null, visible(file)), texts.NONE_THEN),
    block(`${name}.py`, texts.FIRST_FILE, save, 'command that saves the file', actions),
    block(texts.FIRST_CALL, call, call, 'curl command', actions));
}

function block(title, shown, copied, what, actions) {
  return h('section', { class: 'block', key: title },
    h('div', { class: 'block-head' }, h('h2', null, title), copyButton(actions, copied, what)),
    h('pre', { tabindex: 0, 'aria-label': title }, shown));
}
