/* The live list: the whole page with its filters, and the short form on other pages. */

import { h } from '../dom.js';
import { plural } from '../format.js';
import { go, tasksUrl, taskUrl } from '../router.js';
import { serverNow } from '../store.js';
import { newcomers, rows } from '../task_list.js';
import { TASK_STATES } from '../task_state.js';
import { icon } from './icons.js';
import { liveness } from './live_badge.js';
import { button, emptyState, sectionHead } from './parts.js';
import { taskRow } from './task_row.js';

const COLUMNS = ['State', 'Task', 'Queue', 'Attempt', 'Progress, result or error', 'Waited → ran', 'Submitted', ''];
const COUNTED = {
  PENDING: (q) => q.queued, STARTED: (q) => q.active, RETRY: (q) => q.retry, SCHEDULED: (q) => q.scheduled,
  SUCCESS: (q) => q.success, FAILURE: (q) => q.failed, REVOKED: (q) => q.revoked, EXPIRED: (q) => q.expired,
};

/** @param {import('../store.js').State} state @param {any} actions */
export function tasksPage(state, actions) {
  return h('div', { class: 'page', key: 'tasks', data: { live: liveness(state).name } },
    filters(state),
    table(state, actions));
}

/** @param {import('../store.js').State} state @param {any} actions */
export function latestTasks(state, actions) {
  return h('section', { class: 'latest', key: 'latest' },
    sectionHead('Latest tasks', h('a', { href: tasksUrl({}) }, 'All tasks')),
    table(state, actions));
}

function filters({ route, stats }) {
  const { filter } = route;
  const chosen = (stats?.queues ?? []).filter((queue) => !filter.queue || queue.queue === filter.queue);
  const count = (state) => chosen.reduce((sum, queue) => sum + COUNTED[state](queue), 0);
  const chip = (state, label, mark) => h('a', {
    class: 'filter-chip', key: label, href: tasksUrl({ ...filter, state }), data: { state: state || 'ALL' },
    'aria-current': filter.state === state ? 'true' : null,
  }, mark && icon(mark), label, state && stats && h('b', null, count(state)));
  return h('div', { class: 'filters', role: 'search', 'aria-label': 'Filter tasks', key: 'filters' },
    h('h1', { class: 'page-title' }, 'Tasks'),
    h('label', { class: 'inline-field find' }, h('span', { class: 'off-screen' }, 'Find in the list'),
      h('input', {
        id: 'find', type: 'search', placeholder: 'Find: type, id, text   /', spellcheck: 'false', autocomplete: 'off',
        data: { testid: 'find' }, wake: (input) => { input.value = filter.find; },
        on: { input: (event) => go(tasksUrl({ ...filter, find: event.target.value }), true), keydown: openWholeId },
      })),
    h('label', { class: 'inline-field' }, 'Queue',
      h('select', {
        id: 'queue-filter', data: { testid: 'queue-filter' }, wake: fillQueues(filter.queue), key: filter.queue,
        on: { change: (event) => go(tasksUrl({ ...filter, queue: event.target.value })) },
      })),
    h('div', { class: 'chips' },
      chip('', 'All'), Object.entries(TASK_STATES).map(([state, { label, icon: mark }]) => chip(state, label, mark))));
}

/** Enter on a whole task id opens that task, listed or not. */
function openWholeId(event) {
  const text = event.target.value.trim().toLowerCase();
  if (event.key === 'Enter' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) go(taskUrl(text));
}

/** @param {import('../store.js').Task[]} tasks @param {string} text */
function matching(tasks, text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return tasks;
  return tasks.filter((task) => [task.task_id, task.task_type, task.payload, task.result, task.error, task.worker]
    .some((field) => field?.toLowerCase().includes(wanted)));
}

/** Options are written once; the key above makes a new select when the choice changes elsewhere. */
function fillQueues(chosen) {
  return (select) => {
    for (const name of ['', 'high', 'default', 'low']) {
      select.add(new Option(name || 'all', name, false, name === chosen));
    }
  };
}

function table(state, actions) {
  const { list, listProblem } = state;
  const find = state.route.view === 'tasks' ? state.route.filter.find : '';
  const shown = matching(rows(list), find);
  const fresh = newcomers(list);
  if (!shown.length && !fresh) return nothing(state, actions);
  const now = serverNow(state);
  return h('div', {
    class: 'table-wrap', key: 'table', data: { testid: 'task-list' },
    on: {
      pointerenter: (event) => event.pointerType === 'mouse' && actions.dispatch({ type: 'hold', held: true }),
      pointerleave: () => actions.dispatch({ type: 'hold', held: false }),
    },
  },
    h('div', { class: 'pill-place', key: 'pill' }, fresh > 0 && button(`${fresh} new`, () => actions.dispatch({ type: 'release' }), {
      class: 'pill', data: { testid: 'new-pill' }, title: 'The list holds still while the pointer is over it',
    })),
    listProblem && h('p', { class: 'faint list-note', key: 'old' }, `Not refreshed: ${listProblem.text}`),
    h('table', { class: 'tasks', key: 'rows' },
      h('caption', { class: 'off-screen' }, `${plural(shown.length, 'task')}, newest first`),
      h('thead', null, h('tr', null, COLUMNS.map((name, i) =>
        h('th', { scope: 'col', class: i === 3 || i === 5 || i === 6 ? 'num' : '' }, name || h('span', { class: 'off-screen' }, 'Actions'))))),
      h('tbody', null, shown.map((task) => taskRow(task, state, now, actions)))));
}

function nothing({ list, listProblem, route, problem }, actions) {
  const { filter, view } = route;
  if (view === 'tasks' && filter.find && list.shown.length) {
    return h('div', { key: 'none' }, emptyState('Nothing listed has this text',
      `The newest ${plural(list.shown.length, 'task')} were searched. A whole task id and Enter opens any task.`));
  }
  if (!list.loaded) {
    const trouble = listProblem ?? problem;
    return h('div', { key: 'none' }, trouble
      ? emptyState('The tasks cannot be read', trouble.text)
      : h('p', { class: 'booting' }, 'Loading tasks…'));
  }
  if (view === 'tasks' && (filter.state || filter.queue)) {
    const what = filter.state ? TASK_STATES[filter.state].label.toLowerCase() : 'in this queue';
    return h('div', { key: 'none' }, emptyState(`No task is ${what} now`,
      'Tasks appear here as soon as there are some. ', h('a', { href: tasksUrl({}) }, 'Show all tasks')));
  }
  return h('div', { key: 'none' }, emptyState('No tasks yet', ...(document.body.dataset.app === 'inspector'
    ? ['Tasks appear here as soon as someone submits one.']
    : ['Send one with a button above, fill in a ', h('a', { href: '#/submit' }, 'form'), ', or ask the API: ',
      h('a', { href: '/docs' }, 'documentation'), '.'])));
}
