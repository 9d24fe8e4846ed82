/* All settings of a function, and where they come from. */

import { h } from '../lib/dom.js';
import { ago, bytes, coarse } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { serverNow } from '../state/page_state.js';
import { copyButton, facts, sectionHead, time } from '../components/parts.js';
import * as texts from '../texts/functions.js';

/**
 * @param {import('../state/functions.js').FunctionDetail} fn
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function configurationTab(fn, state, actions) {
  const { limits } = fn;
  const mono = (text) => h('code', { class: 'path' }, visible(text));
  /** @type {[string, import('../lib/dom.js').Children][]} */
  const optional = [
    ['Requirements', fn.requirements && mono(fn.requirements)], ['On success', fn.on_success && mono(fn.on_success)],
    ['On failure', fn.on_failure && mono(fn.on_failure)], ['Dead letters', fn.dead_letter && mono(fn.dead_letter)],
    ['Not delivered', fn.dead_letters && [texts.records(fn.dead_letters.records), mono(fn.dead_letters.file)]],
    ['URL', fn.url && [mono(fn.url.address), ` ${fn.url.auth}${fn.url.stream ? ', streamed' : ''}`]],
    ['Schedules', fn.schedule.length > 0 && fn.schedule.map(({ expression }) => mono(expression))],
    ['Events', fn.events.length > 0 && fn.events.map((pattern) => mono(JSON.stringify(pattern)))],
    ['Watches', fn.watch.length > 0 && fn.watch.map(mono)],
    ['Durable', fn.durable && `${coarse(fn.durable.timeout_s)}, kept ${fn.durable.retention_days} d`],
  ];
  return [
    fn.notes.length > 0 && h('div', { class: 'note', key: 'notes' }, h('b', null, texts.NOTES),
      h('ul', null, fn.notes.map((note) => h('li', { key: note }, visible(note))))),
    h('section', { class: 'card', key: 'facts' }, sectionHead('Settings'), facts([
      ['Timeout', coarse(limits.timeout_s)], ['Memory', `${limits.memory_mb} MB`],
      ['Concurrency', limits.reserved_concurrency === null ? texts.ANY_NUMBER : texts.atMost(limits.reserved_concurrency)],
      ['Retries of events', limits.retries], [texts.MAX_AGE, coarse(limits.max_age_s)],
      ['Queue', fn.queue], ['Runtime', fn.runtime], ['Handler', mono(fn.handler)], ['Debug', fn.debug ? 'on' : 'off'],
      .../** @type {[string, import('../lib/dom.js').Children][]} */ (optional.filter(([, value]) => value)),
    ]), h('p', { class: 'hint' }, texts.CONFIGURED_IN)),
    h('section', { class: 'card', key: 'code' }, sectionHead('Code'), h('dl', { class: 'long-facts' }, [
      ['ARN', fn.arn], ['File', fn.file], ['Folder on sys.path', fn.root], ['Version', fn.hash], ['SHA-256', fn.code_sha256],
    ].map(([name, value]) => h('div', { key: name }, h('dt', null, name),
      h('dd', null, mono(value), copyButton(actions, value, name))))),
    facts([['Size', bytes(fn.code_size)], ['Changed', time(fn.modified_at, ago(fn.modified_at, serverNow(state)))]])),
    h('section', { class: 'card', key: 'env' }, sectionHead(texts.VARIABLES), variables(fn.env)),
  ];
}

function variables(env) {
  const names = Object.keys(env).sort();
  if (!names.length) return h('p', { class: 'faint', key: 'none' }, texts.NO_VARIABLES);
  return h('dl', { class: 'long-facts', key: 'some' }, names.map((name) => h('div', { key: name },
    h('dt', null, h('code', null, visible(name))), h('dd', null, h('code', { class: 'path' }, visible(env[name]))))));
}
