/* What the list of functions and the page of one share: the state, why it cannot run. */

import { h } from '../lib/dom.js';
import { visible } from '../lib/json_text.js';
import { failingLine, placeText } from '../state/functions.js';
import { pageUrl } from '../lib/router.js';
import { icon } from '../components/icons.js';
import { copyButton } from '../components/parts.js';
import { traceback } from '../components/traceback.js';
import * as texts from '../texts/functions.js';

const TONES = { Active: 'good', Failed: 'bad', Installing: 'warn' };

/** @param {import('../state/functions.js').Fn} fn */
export function stateChip({ state }) {
  return h('span', { class: `chip ${TONES[state]}`, title: texts.STATE_MEANS[state], data: { testid: 'function-state' } },
    state === 'Failed' && icon('warning'), texts.STATES[state]);
}

/**
 * Why a function cannot run, with the place (its code, packages or settings); nothing if it can.
 * @param {import('../state/functions.js').Fn} fn
 * @param {import('../state/actions.js').Actions} actions
 * @param {boolean} whole with the traceback
 */
export function whyNot(fn, actions, whole) {
  const { error } = fn;
  if (!error) return null;
  const place = placeText(error.file, error.line);
  const text = `${error.type}: ${error.message}`;
  return h('section', { class: 'block trouble', key: `error ${fn.name}`, role: 'group', 'aria-label': texts.cannotRun(fn.name),
    data: { testid: 'function-error' } },
    h('div', { class: 'block-head' }, h('h3', null, texts.cannotRun(fn.name)),
      copyButton(actions, `${error.traceback ?? text}\n`, 'error')),
    h('p', { class: 'error-text', dir: 'auto' }, visible(text)),
    place && h('p', { class: 'error-place' }, failingLine(fn) !== null
      ? h('a', { href: pageUrl('functions', { tab: 'code' }, fn.name) }, visible(place))
      : h('code', null, visible(place)), ' ', h('span', { class: 'soft' }, texts.FIX_IT)),
    /No module named/.test(error.message) && h('p', { class: 'soft', key: 'package' }, texts.NAME_PACKAGE),
    whole && error.traceback && traceback(error.traceback));
}
