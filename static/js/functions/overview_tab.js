/* A function at a glance: what it did in the last hour, its processes, its last error, how to call it. */

import { hasKey } from '../api/session.js';
import { h } from '../lib/dom.js';
import { ago, bytes, count, duration } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { base } from '../lib/root.js';
import { pageUrl, taskUrl, tasksUrl } from '../lib/router.js';
import { placeText } from '../state/functions.js';
import { serverNow } from '../state/page_state.js';
import { copyButton, facts, sectionHead, time } from '../components/parts.js';
import { asCurl } from '../tasks/snippets.js';
import { anEventOf } from './invoke_tab.js';
import * as texts from '../texts/functions.js';
import * as task from '../texts/task.js';

/**
 * @param {import('../state/functions.js').FunctionDetail} fn
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function overviewTab(fn, state, actions) {
  const now = serverNow(state);
  const { counts, last_import: last, last_error: error } = fn;
  const ms = (value) => duration(value === null || value === undefined ? null : value / 1000);
  return [
    h('div', { class: 'card', key: 'facts' }, facts(/** @type {[string, import('../lib/dom.js').Children][]} */ ([
      ['Runs, last hour', h('a', { href: tasksUrl({ q: `type:${fn.name}` }) }, count(counts.invocations))],
      ['Failed', h('span', { class: counts.failures ? 'bad-text' : '' }, count(counts.failures))],
      ['p50', ms(counts.p50_ms)], ['p95', ms(counts.p95_ms)],
      ['Cold starts', h('span', { title: texts.COLD_MEANS }, texts.coldShare(counts.cold_starts, counts.invocations))],
      ['Init p50', ms(counts.init_p50_ms)], ['Init p95', ms(counts.init_p95_ms)],
      ['Last init', last?.init_ms ? time(last.at, ms(last.init_ms)) : '–'],
      ['Limits', texts.limits(fn.limits)], ['Queue', h('a', { href: tasksUrl({ queue: fn.queue }) }, fn.queue)],
      ['Handler', h('a', { href: pageUrl('functions', { tab: 'code' }, fn.name) }, visible(placeText(fn.file, fn.line)))],
      ...(fn.url ? [['URL', h('a', { href: fn.url.address, target: '_blank', rel: 'noopener' }, fn.url.address)]] : []),
    ]))),
    error && h('section', { class: 'block trouble calm', key: 'last-error' },
      h('div', { class: 'block-head' }, h('h3', null, 'Last error'), h('span', { class: 'soft' }, time(error.at, ago(error.at, now)))),
      h('p', { class: 'error-text', dir: 'auto' }, visible(error.message)),
      h('p', { class: 'cause' }, h('a', { href: pageUrl('failures', { cause: error.cause }) }, task.OTHER_FAILURES),
        error.task_id && [' · ', h('a', { href: taskUrl(error.task_id) }, texts.OPEN_RUN)])),
    h('section', { class: 'card', key: 'environments' }, sectionHead('Environments'), environments(fn, now)),
    callIt(fn, state, actions),
  ];
}

function environments(fn, now) {
  if (!fn.environments.length) return h('p', { class: 'faint', key: 'none' }, texts.NO_ENVIRONMENT);
  return h('div', { class: 'table-scroll', key: 'some', tabindex: 0, role: 'region', 'aria-label': 'Environments' },
    h('table', { class: 'plain' },
    h('thead', null, h('tr', null, texts.ENVIRONMENT_COLUMNS.map((name) => h('th', { scope: 'col' }, name)))),
    h('tbody', null, fn.environments.map((each) => h('tr', { key: each.environment, data: { testid: 'environment' } },
      h('td', null, each.pid),
      h('td', null, h('i', { class: each.state === 'busy' ? 'slot busy' : 'slot', 'aria-hidden': 'true' }), ' ', each.state),
      h('td', null, h('code', { title: each.hash }, each.hash.slice(0, 8)), ' ',
        h('span', { class: 'soft' }, each.hash === fn.hash ? texts.CURRENT_VERSION : texts.OLD_VERSION)),
      h('td', null, count(each.invocations)), h('td', null, bytes(each.rss)),
      h('td', null, time(each.started_at, ago(each.started_at, now))))))));
}

function callIt(fn, state, actions) {
  const command = asCurl(anEventOf(fn.name, state), base(), hasKey(), `/api/functions/${fn.name}/invoke`);
  return h('section', { class: 'block', key: 'call' },
    h('div', { class: 'block-head' }, h('h3', null, texts.CALL_IT), copyButton(actions, command, 'curl command')),
    h('pre', { tabindex: 0, 'aria-label': texts.CALL_IT }, command));
}
