/* What operators did: who, what, why, when, and the way back where there still is one. */

import { undoable } from '../state/audit_entries.js';
import { h } from '../lib/dom.js';
import { ago, clock, secondsBetween } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { auditFilter } from '../state/page_filters.js';
import { isTaskId, pageUrl, tasksUrl, taskUrl } from '../lib/router.js';
import { serverNow } from '../state/page_state.js';
import { chooser } from '../components/choices.js';
import { button, emptyState, time } from '../components/parts.js';
import { factPage } from '../components/fact_page.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/audit.js';

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function auditPage(state, actions) {
  const { action } = auditFilter(state.route.params);
  const options = [['', 'everything'], ...Object.entries(texts.AUDITED).map(([each, words]) => [each, words.toLowerCase()])];
  const choose = chooser('audit-action', 'Show', action, /** @type {[string, string][]} */ (options),
    (each) => pageUrl('audit', { action: each }));
  return factPage(state, 'audit', 'Audit', texts.ABOUT, (list) => {
    if (!list.entries.length) {
      return h('div', { key: 'none' }, action
        ? emptyState(texts.NO_MATCHES, h('a', { href: pageUrl('audit') }, texts.SHOW_EVERYTHING))
        : emptyState(texts.NONE, texts.NONE_WHY));
    }
    return [table(list.entries, serverNow(state), actions), more(list, action, state.ui, actions)];
  }, { key: action, aside: choose });
}

/** What was done, in words. @param {import('../state/audit_entries.js').Entry} entry */
export function auditWords({ action, queue, count: n }) {
  const words = texts.AUDITED[action] ?? visible(action);
  if (OF_TASKS.has(action)) return texts.done(words, n ?? null, queue ?? '');
  return OF_QUEUE.has(action) ? texts.done(words, null, queue ?? '') : words;
}

const OF_TASKS = new Set(['cancel', 'retry', 'requeue', 'change', 'delete', 'purge', 'undo', 'retry_group']);
/** Where the settings that it changes are. @type {Record<string, string>} */
const SETTINGS_ON = { limit: 'types', function_change: 'functions' };
const OF_QUEUE = new Set(['pause', 'resume', 'drain']);

const isOfSchedule = (action) => action.startsWith('schedule_') && action in texts.AUDITED;
const isOfFlow = (action) => action.startsWith('flow_') && action in texts.AUDITED;
/** A replay names the delivery. */
const isOfWebhook = (action) => action.startsWith('webhook_') && action !== 'webhook_replay' && action in texts.AUDITED;

function table(entries, now, actions) {
  return h('div', { class: 'card scroll', key: 'table' }, h('table', { class: 'plain stackable audit' },
    h('thead', null, h('tr', null,
      ['When', 'Who', 'What', 'Why', ''].map((name) => h('th', { scope: 'col' }, name || h('span', { class: 'off-screen' }, 'Undo'))))),
    h('tbody', null, entries.map((entry) => h('tr', { key: entry.id, data: { testid: 'audit-entry', action: entry.action } },
      h('td', { data: { label: 'When' } }, time(entry.at, ago(entry.at, now))),
      h('th', { scope: 'row', class: 'who' }, visible(entry.who)),
      h('td', { data: { label: 'What' } }, auditWords(entry), target(entry)),
      h('td', { data: { label: 'Why' }, dir: 'auto' }, entry.why ? visible(entry.why) : h('span', { class: 'faint' }, texts.NO_REASON)),
      h('td', { class: 'c-undo' }, undoControl(entry, now, actions)))))));
}

/** What it was done to: one task, a schedule, a cause, or what a search found. */
function target({ action, target: what }) {
  if (!what || action === 'undo') return null;
  if (isOfSchedule(action)) return [' ',
    h('a', { class: 'target', href: pageUrl('schedules', { find: what }) }, h('code', null, visible(what)))];
  if (isOfWebhook(action)) return [' ',
    h('a', { class: 'target', href: pageUrl('webhooks', {}, what) }, h('code', null, visible(what)))];
  if (action.startsWith('key_')) return [' ', h('a', { class: 'target', href: pageUrl('keys') }, h('code', null, visible(what)))];
  if (isOfFlow(action)) return [' ', h('a', { class: 'target', href: pageUrl('flows', {}, what) }, h('code', null, what.slice(0, 8)))];
  const page = SETTINGS_ON[action];
  if (page) return [' ', h('a', { class: 'target', href: pageUrl(page, {}, what) }, h('code', null, visible(what)))];
  if (action === 'retry_group') return [' ', h('a', { href: pageUrl('failures', { cause: what }) }, texts.OF_ONE_CAUSE)];
  if (isTaskId(what)) return [' ', h('a', { class: 'target', href: taskUrl(what) }, h('code', null, what.slice(0, 8)))];
  return [' ', h('a', { class: 'target', href: tasksUrl({ q: what }) }, h('code', null, visible(what)))];
}

/**
 * The way back, or why there is none any more.
 * @param {import('../state/audit_entries.js').Entry} entry
 * @param {number} now
 * @param {import('../state/actions.js').Actions} actions
 */
export function undoControl(entry, now, actions) {
  if (entry.undone_at) return h('span', { class: 'chip', key: 'undone' }, texts.undone(clock(entry.undone_at)));
  const id = entry.undo_id;
  if (id && undoable(entry, now)) {
    return h('span', { class: 'undo', key: 'undo' },
      button(common.UNDO, () => actions.undo([id]), {
        data: { testid: 'audit-undo', needs: 'operator' }, 'aria-label': `Undo: ${auditWords(entry)}` },
        'undo'),
      h('span', { class: 'faint' }, timeLeft(entry, now)));
  }
  return id ? h('span', { class: 'faint', key: 'late' }, texts.TOO_LATE) : null;
}

/** In whole minutes: nobody needs a countdown of seconds to undo. */
function timeLeft({ undo_until: until }, now) {
  const left = secondsBetween(now, until) ?? 0;
  return left < 60 ? texts.UNDER_A_MINUTE : texts.minutesLeft(Math.floor(left / 60));
}

function more({ entries, next }, action, ui, actions) {
  return h('p', { class: 'more', key: 'more' }, next
    ? button(texts.LOAD_MORE, () => actions.olderAudit(action), { disabled: Boolean(ui.auditBusy), data: { testid: 'load-more' } })
    : h('span', { class: 'faint' }, texts.entries(entries.length)));
}
