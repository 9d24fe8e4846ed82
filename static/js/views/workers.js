/* The inspector's first page: every consumer, and what each of its workers does. */

import { h } from '../dom.js';
import { ago, coarse, duration, secondsBetween, shortId } from '../format.js';
import { visible } from '../json_text.js';
import { taskUrl } from '../router.js';
import { serverNow } from '../store.js';
import { code, emptyState, facts } from './parts.js';
import { factPage } from './fact_page.js';

const LATE_S = 10;

/** @param {import('../store.js').State} state */
export function workersPage(state) {
  const now = serverNow(state);
  return factPage(state, 'workers', 'Workers', 'Each consumer serves one queue; each worker is one slot of it.', (consumers) => {
    if (!consumers.length) {
      return emptyState('No consumer is online', 'Tasks are accepted and wait. Start one: ', code('python app.py consumer high'));
    }
    const slots = consumers.flatMap((consumer) => consumer.workers);
    const busy = slots.filter((worker) => worker.task_id).length;
    return [
      h('p', { class: 'strip', key: 'strip' },
        h('span', null, h('b', null, consumers.length), ` ${consumers.length === 1 ? 'consumer' : 'consumers'}`),
        h('span', null, h('b', null, slots.length), ' workers'), h('span', null, h('b', null, busy), ' busy'),
        h('span', null, h('b', null, slots.length - busy), ' idle')),
      h('div', { class: 'consumers', key: 'consumers' }, consumers.map((consumer) => consumerCard(consumer, now))),
    ];
  });
}

function consumerCard(consumer, now) {
  const silent = (now - Date.parse(consumer.last_seen_at)) / 1000;
  return h('article', { class: 'card consumer', key: consumer.consumer, data: { testid: `consumer-${consumer.queue}` } },
    h('header', null, h('h2', null, consumer.queue),
      h('span', { class: silent > LATE_S ? 'chip bad' : 'chip good' }, silent > LATE_S ? `silent for ${coarse(silent)}` : `seen ${ago(consumer.last_seen_at, now)}`)),
    facts([
      ['Host', visible(consumer.host)], ['Process', consumer.pid],
      ['Type', `${consumer.worker_type} × ${consumer.concurrency}`],
      ['Up for', coarse(secondsBetween(consumer.started_at, now))],
    ]),
    h('table', { class: 'plain' },
      h('thead', null, h('tr', null, ['Worker', 'Process', 'Runs', 'Attempt', 'For'].map((name, i) => h('th', { scope: 'col', class: i === 1 || i > 2 ? 'num' : '' }, name)))),
      h('tbody', null, consumer.workers.map((worker) => h('tr', { key: worker.worker, data: { busy: String(Boolean(worker.task_id)) } },
        h('td', null, h('i', { class: worker.task_id ? 'slot busy' : 'slot', 'aria-hidden': 'true' }), h('span', { title: worker.worker }, shortWorker(worker, consumer))),
        h('td', { class: 'num' }, worker.pid),
        h('td', null, worker.task_id
          ? [h('a', { href: taskUrl(worker.task_id) }, visible(worker.task_type ?? 'task')), ' ', h('code', { class: 'faint' }, shortId(worker.task_id))]
          : h('span', { class: 'faint' }, 'idle')),
        h('td', { class: 'num' }, worker.attempt ?? '–'),
        h('td', { class: 'num' }, worker.task_id ? duration(secondsBetween(worker.started_at, now)) : '–'))))));
}

/** A worker's name repeats its consumer's; what is left tells them apart. */
function shortWorker({ worker }, { consumer }) {
  return visible(worker.startsWith(consumer) ? worker.slice(consumer.length).replace(/^\W+/, '') || worker : worker);
}
