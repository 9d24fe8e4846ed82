/* The inspector's table of queues. */

import { h } from '../dom.js';
import { coarse, count } from '../format.js';
import { tasksUrl } from '../router.js';
import { emptyState } from './parts.js';

const COLUMNS = [
  ['Waiting', 'queued', 'PENDING'], ['Running', 'active', 'STARTED'], ['Retrying', 'retry', 'RETRY'],
  ['Scheduled', 'scheduled', 'SCHEDULED'], ['Success', 'success', 'SUCCESS'], ['Failed', 'failed', 'FAILURE'],
  ['Cancelled', 'revoked', 'REVOKED'], ['Expired', 'expired', 'EXPIRED'],
];

/** @param {import('../store.js').State} state */
export function queuesPage({ stats, problem }) {
  return h('div', { class: 'page', key: 'queues' },
    h('div', { class: 'page-head' }, h('h1', { class: 'page-title' }, 'Queues'), h('p', { class: 'soft' }, 'Every count opens the tasks behind it.')),
    stats ? table(stats.queues) : problem ? emptyState('This cannot be read now', problem.text) : h('p', { class: 'booting' }, 'Loading…'));
}

function table(queues) {
  return h('div', { class: 'card scroll', key: 'table' }, h('table', { class: 'plain stackable' },
    h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Queue'),
      ['Consumers', 'Workers', 'Oldest waiting', ...COLUMNS.map(([name]) => name)].map((name) => h('th', { scope: 'col', class: 'num' }, name)))),
    h('tbody', null, queues.map((queue) => h('tr', { key: queue.queue, data: { testid: `queue-${queue.queue}` } },
      h('th', { scope: 'row' }, h('a', { href: tasksUrl({ queue: queue.queue }) }, queue.queue)),
      cell('Consumers', queue.consumers === 0 ? h('span', { class: 'chip bad' }, 'none') : count(queue.consumers)),
      cell('Workers', count(queue.workers)),
      cell('Oldest waiting', coarse(queue.oldest_waiting_s)),
      COLUMNS.map(([name, field, state]) => cell(name, queue[field]
        ? h('a', { href: tasksUrl({ queue: queue.queue, state }) }, count(queue[field]))
        : h('span', { class: 'faint' }, '0'))))))));
}

function cell(label, value) {
  return h('td', { class: 'num', data: { label } }, value);
}
