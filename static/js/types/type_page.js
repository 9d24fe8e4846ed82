/* The page of one task type: what it is, what it did, its limits and its payload. */

import { h } from '../lib/dom.js';
import { count, duration } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { pageUrl, tasksUrl } from '../lib/router.js';
import { mayLimit } from '../state/reach.js';
import { copyButton, emptyState, facts, loadFailure } from '../components/parts.js';
import { prose } from '../components/prose.js';
import { icon } from '../components/icons.js';
import { limitsPart } from './limits.js';
import { canSubmit, totalsOf } from './pieces.js';
import * as common from '../texts/common.js';
import * as task from '../texts/task.js';
import * as texts from '../texts/task_types.js';

/**
 * @param {string} name
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function typePage(name, state, actions) {
  const { taskTypes, problem } = state;
  const type = taskTypes?.find((each) => each.task_type === name);
  return h('div', { class: 'page type-page', key: `type ${name}`, data: { page: 'type' } },
    h('div', { class: 'page-head' }, h('h1', { class: 'page-title' }, visible(name)),
      type && h('p', { class: 'soft' }, prose(type.description)),
      h('div', { class: 'page-aside' }, h('a', { href: pageUrl('types') }, texts.ALL))),
    type ? whole(type, state, actions)
      : taskTypes ? h('div', { key: 'gone' }, emptyState(texts.notFound(visible(name)), texts.NOT_FOUND_WHY))
      : problem ? h('div', { key: 'broken' }, loadFailure(problem, 'the task types'))
        : h('p', { class: 'booting', key: 'loading' }, common.LOADING));
}

function whole(type, state, actions) {
  const { task_type: name, queue, retries, retry_delays_s: delays, timeout_s: timeout, example, schema } = type;
  const totals = totalsOf(name, state.facts.typeHistory);
  // Without an example of its own it has an empty one, which is no payload if a field is required.
  const isPayload = Object.keys(example).length > 0 || !schema.required?.length;
  const [title, shown] = isPayload ? [texts.EXAMPLE, example] : [texts.SCHEMA, schema];
  const text = JSON.stringify(shown, null, 2);
  return [
    h('div', { class: 'card type-facts', key: 'facts' },
      facts(/** @type {[string, import('../lib/dom.js').Children][]} */ ([
        [texts.FACTS.queue, h('a', { href: tasksUrl({ queue }) }, queue)],
        [texts.FACTS.retries, retries ? [count(retries), h('span', { class: 'under soft' }, task.retryDelays(retries, delays))]
          : texts.NO_RETRIES],
        [texts.FACTS.timeout, timeout ? duration(timeout) : texts.NO_TIMEOUT],
        [texts.FACTS.hour, totals ? count(totals.ended) : '–'],
        [texts.FACTS.failed, h('span', { class: totals?.failed ? 'bad-text' : '' }, totals ? count(totals.failed) : '–')],
        [texts.FACTS.p50, duration(totals?.p50 ?? null)], [texts.FACTS.p95, duration(totals?.p95 ?? null)],
      ])),
      h('div', { class: 'actions', role: 'group', 'aria-label': texts.SEARCHES_LABEL },
        canSubmit() && h('a', { class: 'button primary', key: 'submit', href: pageUrl('submit', { type: name }),
          data: { testid: 'submit-it' } }, icon('send'), h('span', null, texts.SUBMIT)),
        texts.SEARCHES.map(([words, also]) => h('a', { class: 'button', key: words,
          href: tasksUrl({ q: `type:${name}${also && ` ${also}`}` }) }, words)))),
    mayLimit(state) && limitsPart(name, state, actions),
    h('section', { class: 'block', key: 'example' },
      h('div', { class: 'block-head' }, h('h3', null, title), copyButton(actions, text, 'example')),
      h('pre', { tabindex: 0, 'aria-label': title, data: { testid: 'payload' } }, visible(text))),
  ];
}
