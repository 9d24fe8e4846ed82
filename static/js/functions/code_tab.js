/* The file with the handler, its failing line marked. Drawn once for each version: it may be long. */

import { h } from '../lib/dom.js';
import { visible } from '../lib/json_text.js';
import { failingLine } from '../state/functions.js';
import { copyButton, emptyState, loadFailure } from '../components/parts.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/functions.js';

/**
 * @param {import('../state/functions.js').FunctionDetail} fn
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function codeTab(fn, state, actions) {
  const { key, value, problem } = state.facts.functionSource ?? {};
  if (key !== fn.name || !value) {
    return problem ? h('div', { key: 'broken' }, loadFailure(problem))
      : h('p', { class: 'booting', key: 'loading' }, common.LOADING);
  }
  if (value.text === null) return h('div', { key: 'none' }, emptyState(texts.NO_SOURCE, texts.NO_SOURCE_WHY));
  const bad = failingLine(fn);
  return h('section', { class: 'block', key: 'source' },
    h('div', { class: 'block-head' }, h('code', { class: 'soft path' }, visible(value.file)), copyButton(actions, value.text, 'source')),
    h('div', {
      class: 'source', key: `${value.hash} ${bad}`, tabindex: 0, role: 'region', dir: 'ltr',
      'aria-label': texts.sourceOf(visible(value.file)),
      data: { testid: 'source' }, wake: (place) => show(place, value.text, bad, fn.line),
    }));
}

function show(place, text, bad, handler) {
  const lines = text.replace(/\n$/, '').split('\n');
  place.append(h('ol', null, lines.map((line, i) => h('li', {
    data: i + 1 === bad ? { line: 'bad' } : i + 1 === handler ? { line: 'handler' } : {},
    'aria-current': i + 1 === bad ? 'true' : null,
  }, h('code', null, visible(line) || ' ')))));
  place.querySelector('[data-line="bad"]')?.scrollIntoView({ block: 'nearest' });
}
