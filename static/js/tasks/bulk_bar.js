/* What can be done with the chosen tasks, at the lower edge of the window; and how it goes. */

import { h } from '../lib/dom.js';
import { count } from '../lib/format.js';
import { isEmpty, NOTHING_CHOSEN } from '../state/selection.js';
import { isRetryable, look } from '../state/task_state.js';
import { icon } from '../components/icons.js';
import { button } from '../components/parts.js';
import { ACTION_NAMES } from './bulk_actions.js';
import * as texts from '../texts/tasks.js';

/** Which states an action is for. */
const FITS = {
  retry: isRetryable,
  requeue: (status) => status === 'SCHEDULED' || status === 'RETRY',
  cancel: (status) => !look(status).terminal,
  delete: (status) => look(status).terminal,
};
const ICONS = { retry: 'retry', requeue: 'play', cancel: 'slash', delete: 'trash' };

/** @param {string} action @param {string} status */
export function fits(action, status) {
  return FITS[action](status);
}

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function bulkBar(state, actions) {
  const { selection, operation } = state;
  if (isEmpty(selection) && !operation) return null;
  return h('div', { class: 'bulk', key: 'bulk', role: 'region', 'aria-label': 'Chosen tasks', data: { testid: 'bulk-bar' } },
    operation ? progress(operation, actions) : choices(state, actions));
}

function choices(state, actions) {
  const { selection, found, route } = state;
  const tasks = [...selection.ids].map((id) => found.byId.get(id)).filter(Boolean);
  const everything = selection.everything;
  const whole = !found.next && selection.ids.size === found.rows.length;
  return [
    h('p', { key: 'what', class: 'bulk-what', role: 'status' },
      h('b', { data: { testid: 'chosen' } }, everything ? texts.ALL_MATCHES : `${count(selection.ids.size)} selected`)),
    h('div', { class: 'bulk-actions', key: 'do' }, ACTION_NAMES.map((action) => {
      const able = tasks.filter((task) => fits(action, task.status)).length;
      const label = everything || !able ? texts.ACTIONS[action].verb : `${texts.ACTIONS[action].verb} ${count(able)}`;
      return button(label, () => actions.wish(wishOf(action, state)), {
        key: action, disabled: !everything && !able, class: action === 'cancel' || action === 'delete' ? 'danger' : '',
        data: { testid: `bulk-${action}`, needs: 'operator' },
      }, ICONS[action]);
    })),
    h('div', { class: 'bulk-actions', key: 'export' },
      button('JSON lines', () => actions.exportTasks('jsonl', everything ? null : tasks, route.search),
        { class: 'quiet', data: { testid: 'export-jsonl' } }, 'download'),
      button('CSV', () => actions.exportTasks('csv', everything ? null : tasks, route.search),
        { class: 'quiet', data: { testid: 'export-csv' } }, 'download')),
    // Behind the actions: it comes and goes while the search still looks, and must not move them under the pointer.
    !everything && !whole && h('button', {
      type: 'button', class: 'button quiet', key: 'everything', data: { testid: 'select-matching' },
      on: { click: () => actions.dispatch({ type: 'select', selection: { ...NOTHING_CHOSEN, everything: true } }) },
    }, h('span', null, texts.SELECT_MATCHES)),
    h('button', {
      type: 'button', class: 'icon-button push', key: 'clear', 'aria-label': texts.CLEAR_SELECTION, title: texts.CLEAR_SELECTION,
      data: { testid: 'clear-selection' },
      on: { click: () => actions.dispatch({ type: 'select', selection: NOTHING_CHOSEN }) },
    }, icon('close')),
  ];
}

/**
 * A number is asked about only where the action is bound to those very tasks.
 * @param {import('../state/records.js').TaskAction} action
 * @param {import('../state/store.js').State} state
 * @returns {import('../state/records.js').Wish}
 */
export function wishOf(action, state) {
  const { selection: { ids: chosen, everything }, found } = state;
  // Newest first, as the actions want them: a retry then keeps the order in which they were submitted.
  const ids = found.rows.filter((id) => everything || chosen.has(id)).filter((id) => {
    const task = found.byId.get(id);
    return task && fits(action, task.status);
  });
  const known = !found.next && !found.latest && !found.waiting.length && !found.left.size && ids.length === found.rows.length;
  return everything && !known
    ? { action, ids: null, search: asOfNow(state), count: null } : { action, ids, search: null, count: ids.length };
}

/** The search of the address without what comes after the question; every row shown is in it. */
function asOfNow({ route: { search }, found, now, skew }) {
  const newest = Date.parse(found.byId.get(found.rows[0])?.submitted_at ?? '') || 0;
  return { ...search, to: search.to || new Date(Math.max(now + skew, newest + 1)).toISOString() };
}

function progress({ verb, done, skipped, total, stopping }, actions) {
  return [
    h('p', { key: 'how', class: 'bulk-what', role: 'status' }, h('b', null, `${verb}… `),
      texts.bulkProgress(done, total, skipped)),
    h('progress', { key: 'bar', class: 'bulk-progress', max: total || null, value: total ? Math.min(total, done + skipped) : null,
      'aria-label': verb }),
    button(stopping ? texts.STOPPING : 'Stop', actions.stop, { key: 'stop', disabled: stopping, class: 'quiet', data: { testid: 'stop' } }),
  ];
}
