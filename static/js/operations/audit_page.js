/* What operators did: who, what, why, when, and the way back where there still is one. */

import { undoable } from '../state/audit_entries.js';
import { h } from '../lib/dom.js';
import { ago, clock, count, plural, secondsBetween } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { AUDITED, auditFilter } from '../state/page_filters.js';
import { isTaskId, pageUrl, tasksUrl, taskUrl } from '../lib/router.js';
import { serverNow } from '../state/page_state.js';
import { chooser } from '../components/choices.js';
import { button, emptyState, time } from '../components/parts.js';
import { factPage } from '../components/fact_page.js';

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function auditPage(state, actions) {
  const { action } = auditFilter(state.route.params);
  const options = [['', 'everything'], ...Object.entries(AUDITED).map(([each, words]) => [each, words.toLowerCase()])];
  const choose = chooser('audit-action', 'Show', action, /** @type {[string, string][]} */ (options),
    (each) => pageUrl('audit', { action: each }));
  return factPage(state, 'audit', 'Audit', 'What people did here, the newest first. A purge or a deletion can be undone for 10 minutes.',
    (list) => {
    if (!list.entries.length) {
      return h('div', { key: 'none' }, action
        ? emptyState('Nothing of this kind was done', h('a', { href: pageUrl('audit') }, 'Show everything'))
        : emptyState('Nobody has done anything yet',
          'Who pauses or purges a queue, cancels, retries or deletes tasks, or changes a schedule is noted here, '
          + 'with the reason they gave.'));
    }
    return [table(list.entries, serverNow(state), actions), more(list, action, state.ui, actions)];
  }, { key: action, aside: choose });
}

/** What was done, in words. @param {import('../state/audit_entries.js').Entry} entry */
export function auditWords({ action, queue, count: n }) {
  if (isOfSchedule(action)) return AUDITED[action];
  const what = n !== null && n !== undefined && !['pause', 'resume', 'drain'].includes(action) ? ` ${plural(n, 'task')}` : '';
  return `${AUDITED[action] ?? visible(action)}${what}${queue ? ` ${what ? 'of ' : ''}${queue}` : ''}`;
}

const isOfSchedule = (action) => action.startsWith('schedule_') && action in AUDITED;

function table(entries, now, actions) {
  return h('div', { class: 'card scroll', key: 'table' }, h('table', { class: 'plain stackable audit' },
    h('thead', null, h('tr', null,
      ['When', 'Who', 'What', 'Why', ''].map((name) => h('th', { scope: 'col' }, name || h('span', { class: 'off-screen' }, 'Undo'))))),
    h('tbody', null, entries.map((entry) => h('tr', { key: entry.id, data: { testid: 'audit-entry', action: entry.action } },
      h('td', { data: { label: 'When' } }, time(entry.at, ago(entry.at, now))),
      h('th', { scope: 'row', class: 'who' }, visible(entry.who)),
      h('td', { data: { label: 'What' } }, auditWords(entry), target(entry)),
      h('td', { data: { label: 'Why' }, dir: 'auto' }, entry.why ? visible(entry.why) : h('span', { class: 'faint' }, 'no reason given')),
      h('td', { class: 'c-undo' }, undoControl(entry, now, actions)))))));
}

/** What it was done to: one task, a schedule, a cause, or what a search found. */
function target({ action, target: what }) {
  if (!what || action === 'undo') return null;
  if (isOfSchedule(action)) return [' ',
    h('a', { class: 'target', href: pageUrl('schedules', { find: what }) }, h('code', null, visible(what)))];
  if (action === 'retry_group') return [' ', h('a', { href: pageUrl('failures', { cause: what }) }, 'of one cause')];
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
  if (entry.undone_at) return h('span', { class: 'chip', key: 'undone' }, `undone ${clock(entry.undone_at)}`);
  const id = entry.undo_id;
  if (id && undoable(entry, now)) {
    return h('span', { class: 'undo', key: 'undo' },
      button('Undo', () => actions.undo([id]), { data: { testid: 'audit-undo' }, 'aria-label': `Undo: ${auditWords(entry)}` },
        'undo'),
      h('span', { class: 'faint' }, timeLeft(entry, now)));
  }
  return id ? h('span', { class: 'faint', key: 'late' }, 'too late to undo') : null;
}

/** In whole minutes: nobody needs a countdown of seconds to undo. */
function timeLeft({ undo_until: until }, now) {
  const left = secondsBetween(now, until) ?? 0;
  return left < 60 ? 'under a minute left' : `${Math.floor(left / 60)} min left`;
}

function more({ entries, next }, action, ui, actions) {
  return h('p', { class: 'more', key: 'more' }, next
    ? button('Load more', () => actions.olderAudit(action), { disabled: Boolean(ui.auditBusy), data: { testid: 'load-more' } })
    : h('span', { class: 'faint' }, `All ${count(entries.length)} are shown.`));
}
