/* One queue in a card: what waits, what runs, who works on it. */

import { h } from '../dom.js';
import { coarse, count, plural } from '../format.js';
import { tasksUrl } from '../router.js';
import { icon } from './icons.js';
import { code } from './parts.js';

const MOST_SLOTS = 24;

/** @param {import('../store.js').QueueStats} queue */
export function queueCard(queue) {
  const orphan = queue.consumers === 0;
  return h('article', {
    class: 'card queue-card', key: queue.queue,
    data: { testid: `queue-${queue.queue}`, orphan: String(orphan) }, 'aria-label': `Queue ${queue.queue}`,
  },
    h('header', null, h('h2', null, h('a', { href: tasksUrl({ queue: queue.queue }) }, queue.queue)), staff(queue)),
    h('div', { class: 'bigs' }, big('Waiting', queue, 'queued', 'PENDING'), big('Running', queue, 'active', 'STARTED')),
    orphan ? alarm(queue) : slots(queue),
    h('dl', { class: 'smalls' },
      small('Oldest waiting', coarse(queue.oldest_waiting_s), (queue.oldest_waiting_s ?? 0) >= 60),
      small('Retrying', count(queue.retry)),
      small('Scheduled', count(queue.scheduled))));
}

function staff({ consumers, workers }) {
  if (consumers === 0) return h('span', { class: 'chip bad', key: 'none' }, icon('warning'), 'no consumer');
  return h('span', { class: 'chip', key: 'some' }, `${plural(workers, 'worker')}${consumers > 1 ? ` in ${consumers} consumers` : ''}`);
}

function big(label, queue, field, state) {
  return h('a', { class: 'big', href: tasksUrl({ queue: queue.queue, state }), data: { count: field } },
    h('b', null, count(queue[field])), h('span', null, label));
}

/** A square for each worker slot, filled while it runs a task. */
function slots({ active, workers }) {
  const shown = Math.min(workers, MOST_SLOTS);
  const busy = Math.round((Math.min(active, workers) / Math.max(1, workers)) * shown);
  return h('div', { class: 'slots', title: `${Math.min(active, workers)} of ${plural(workers, 'worker')} busy` },
    h('span', { class: 'slot-row', 'aria-hidden': 'true' },
      Array.from({ length: shown }, (_, i) => h('i', { class: i < busy ? 'slot busy' : 'slot' }))),
    h('span', null, `${count(Math.min(active, workers))} of ${count(workers)} busy`));
}

function alarm({ queue, queued }) {
  return h('p', { class: 'alarm', role: 'alert' },
    queued ? `${plural(queued, 'task waits', 'tasks wait')} for a consumer. ` : 'Tasks sent here will wait. ',
    'Start one: ', code(`python app.py consumer ${queue}`));
}

function small(label, value, late = false) {
  return h('div', { key: label, class: late ? 'late' : '' }, h('dt', null, label), h('dd', null, value));
}
