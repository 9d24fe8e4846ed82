/* The functions: a table of them, or the page of one. Which, is in the address. */

import { h } from '../lib/dom.js';
import { ago, count, duration } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { pageUrl, tasksUrl } from '../lib/router.js';
import { placeText, warm } from '../state/functions.js';
import { serverNow } from '../state/page_state.js';
import { factPage } from '../components/fact_page.js';
import { icon } from '../components/icons.js';
import { time } from '../components/parts.js';
import { longName } from '../components/prose.js';
import { firstFunction } from './first_function.js';
import { functionPage } from './function_page.js';
import { whyNot, stateChip } from './pieces.js';
import * as texts from '../texts/functions.js';

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function functionsPage(state, actions) {
  if (state.route.item) return functionPage(state.route.item, state, actions);
  return factPage(state, 'functions', 'Functions', texts.ABOUT, ({ functions, ignored, folders }) => [
    functions.length > 0 && list(functions, state, actions),
    ignored.length > 0 && ignoredFiles(ignored, !functions.length),
    !functions.length && firstFunction(folders[0], ignored, actions),
  ]);
}

function list(functions, state, actions) {
  const failed = functions.filter((fn) => fn.state === 'Failed');
  const now = serverNow(state);
  return [
    h('p', { class: 'strip', key: 'strip', data: { testid: 'functions-summary' } },
      h('span', { key: 'all' }, h('b', null, count(functions.length)), functions.length === 1 ? ' function' : ' functions'),
      failed.length > 0 && h('span', { key: 'bad', class: 'bad-text' }, texts.failedNumber(failed.length))),
    failed.map((fn) => whyNot(fn, actions, true)),
    h('div', { class: 'card scroll', key: 'table' }, h('table', { class: 'plain stackable functions' },
      h('thead', null, h('tr', null, texts.COLUMNS.map((name) =>
        h('th', { scope: 'col', class: /^p\d/.test(name) ? 'num' : '' }, name)))),
      h('tbody', null, functions.map((fn) => row(fn, now))))),
  ];
}

/** @param {import('../state/functions.js').Fn} fn @param {number} now */
function row(fn, now) {
  const { counts, limits, last_error: error } = fn;
  const cell = (column, ...children) => h('td', { key: column, data: { label: texts.COLUMNS[column] } }, ...children);
  const ms = (value) => duration(value === null ? null : value / 1000);
  return h('tr', { key: fn.name, data: { testid: `function-${fn.name}`, state: fn.state } },
    h('th', { scope: 'row', key: 'name' },
      h('a', { class: 'function-name', href: pageUrl('functions', {}, fn.name) }, longName(visible(fn.name))),
      h('span', { class: 'marks-left' }, stateChip(fn), h('span', { class: 'tag' }, fn.queue),
        h('code', { class: 'faint', title: fn.file }, visible(placeText(fn.file, fn.line))))),
    cell(1, h('a', { href: tasksUrl({ q: `type:${fn.name}` }), class: counts.failures ? 'bad-text' : 'soft' },
      texts.lastHour(counts.invocations, counts.failures))),
    h('td', { class: 'num', key: 'p50', data: { label: texts.COLUMNS[2] } }, ms(counts.p50_ms)),
    h('td', { class: 'num', key: 'p95', data: { label: texts.COLUMNS[3] } }, ms(counts.p95_ms)),
    cell(4, environmentsText(fn),
      counts.cold_starts > 0 && h('span', { class: 'under', title: texts.COLD_MEANS, data: { testid: 'cold-starts' } },
        texts.coldStarts(counts.cold_starts, counts.init_p50_ms === null ? '' : ms(counts.init_p50_ms)))),
    cell(5, texts.limits(limits)),
    cell(6, error ? h('a', { class: 'last-error', href: pageUrl('failures', { cause: error.cause }), title: visible(error.message) },
      visible(error.message)) : h('span', { class: 'faint' }, '–'),
    error && h('span', { class: 'under' }, time(error.at, ago(error.at, now)))));
}

/** @param {import('../state/functions.js').Fn} fn */
export function environmentsText(fn) {
  const live = warm(fn);
  return texts.environments(live.length, live.filter(({ state }) => state === 'busy').length);
}

/** @param {import('../state/functions.js').Ignored[]} ignored @param {boolean} open they may be why there is no function */
function ignoredFiles(ignored, open) {
  return h('details', { class: 'card ignored', key: 'ignored', open, data: { testid: 'ignored' } },
    h('summary', null, icon('slash'), ' ', texts.ignored(ignored.length)),
    h('ul', null, ignored.map(({ path, reason }) =>
      h('li', { key: `${path} ${reason}` }, h('code', null, visible(path)), h('span', { class: 'soft' }, visible(reason))))));
}
