/* Every consumer, and what each of its workers does. */

import { h } from '../lib/dom.js';
import { ago, bytes, clock, coarse, duration, plural, secondsBetween, shortId } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { queueNames } from '../state/queue_names.js';
import { taskUrl } from '../lib/router.js';
import { isSilent } from '../state/badges.js';
import { serverNow } from '../state/page_state.js';
import { isBusy } from '../state/workers.js';
import { icon } from '../components/icons.js';
import { code, emptyState, facts } from '../components/parts.js';
import { factPage } from '../components/fact_page.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/workers.js';


/** @param {import('../state/store.js').State} state */
export function workersPage(state) {
  const now = serverNow(state);
  return factPage(state, 'consumers', 'Workers', texts.ABOUT, (consumers) => {
    if (!consumers.length) {
      return h('div', { key: 'none' }, emptyState(texts.NONE_ONLINE, texts.TASKS_WAIT, code(common.startConsumer('high'))));
    }
    const ofTasks = consumers.filter((consumer) => !isHost(consumer));
    const slots = ofTasks.flatMap((consumer) => consumer.workers);
    const busy = slots.filter(isBusy).length;
    const memory = [...consumers, ...slots].reduce((sum, each) => sum + (each.memory_bytes ?? 0), 0);
    const missing = queueNames().filter((queue) => !ofTasks.some((consumer) => consumer.queue === queue));
    return [
      h('p', { class: 'strip', key: 'strip' },
        h('span', null, h('b', null, ofTasks.length), ofTasks.length === 1 ? ' consumer' : ' consumers'),
        h('span', null, h('b', null, slots.length), ' workers'), h('span', null, h('b', null, busy), ' busy'),
        h('span', null, h('b', null, slots.length - busy), ' idle'),
        memory > 0 && h('span', null, h('b', null, bytes(memory)), ' memory')),
      missing.map((queue) => h('p', { class: 'alarm', key: `missing ${queue}`, role: 'alert' }, icon('warning'), texts.noConsumer(queue),
        code(common.startConsumer(queue)))),
      h('div', { class: 'consumers', key: 'consumers' },
        [...consumers].sort(byQueue).map((consumer) => consumerCard(consumer, state, now))),
    ];
  });
}

function byQueue(a, b) {
  return queueNames().indexOf(a.queue) - queueNames().indexOf(b.queue) || Date.parse(a.started_at) - Date.parse(b.started_at);
}

/** Whether a consumer is a function host, which stands beside the one of its queue. */
function isHost(consumer) {
  return consumer.worker_type === 'function';
}

function consumerCard(consumer, state, now) {
  const { last_seen_at: seen } = consumer;
  const heartbeat = isSilent(consumer, state)
    ? h('span', { class: 'chip bad push' }, texts.noHeartbeat(coarse(secondsBetween(seen, now))))
    : h('span', { class: state.problem ? 'chip push' : 'chip good push' }, texts.heartbeat(ago(seen, now)));
  const busy = consumer.workers.filter(isBusy).length;
  const [testid, label, title] = isHost(consumer)
    ? [`functions-${consumer.queue}`, texts.hostOf(consumer.queue), texts.functionsOf(consumer.queue)]
    : [`consumer-${consumer.queue}`, texts.consumerOf(consumer.queue), consumer.queue];
  return h('article', { class: 'card consumer', key: consumer.consumer, data: { testid }, 'aria-label': label },
    h('header', null, h('h2', null, title),
      h('span', { class: 'soft' }, `${busy} of ${plural(consumer.workers.length, 'worker')} busy`),
      heartbeat),
    facts([
      ['Host', visible(consumer.host)], ['Process', consumer.pid],
      ['Type', `${consumer.worker_type} × ${consumer.concurrency}`],
      ['Up for', coarse(secondsBetween(consumer.started_at, now))],
      ['Memory', bytes(consumer.memory_bytes)], ['CPU', cpu(consumer)],
    ]),
    h('table', { class: 'plain' },
      h('thead', null, h('tr', null,
        texts.COLUMNS.map((name, i) => h('th', { scope: 'col', class: i === 1 || i > 2 ? 'num' : '' }, name)))),
      h('tbody', null, consumer.workers.map((worker) => slotRow(worker, consumer, now)))));
}

function slotRow(worker, consumer, now) {
  const runs = isBusy(worker);
  return h('tr', { key: worker.worker, data: { busy: String(runs), testid: 'worker' } },
    h('td', null, h('i', { class: runs ? 'slot busy' : 'slot', 'aria-hidden': 'true' }),
      h('span', { title: worker.worker }, shortWorker(worker, consumer))),
    h('td', { class: 'num' }, worker.pid),
    h('td', null, runs ? running(worker) : h('span', { class: 'faint' }, 'idle')),
    h('td', { class: 'num' }, runs ? clock(worker.started_at) : '–'),
    h('td', { class: 'num' }, runs ? duration(secondsBetween(worker.started_at, now)) : '–'),
    h('td', { class: 'num' }, bytes(worker.memory_bytes)),
    h('td', { class: 'num' }, cpu(worker)));
}

function running({ task_id: id, task_type: type, attempt }) {
  if (!id) return texts.OUT_OF_REACH;
  return [h('a', { href: taskUrl(id) }, visible(type ?? 'task')), ' ', h('code', { class: 'faint' }, shortId(id)),
    attempt > 1 && h('span', { class: 'faint' }, ` attempt ${attempt}`)];
}

function cpu({ cpu_percent: share }) {
  return share === null || share === undefined ? '–' : `${share < 10 ? share.toFixed(1) : Math.round(share)} %`;
}

/** A worker's name repeats its consumer's; what is left tells them apart. */
function shortWorker({ worker }, { consumer }) {
  return visible(worker.startsWith(consumer) ? worker.slice(consumer.length).replace(/^\W+/, '') || worker : worker);
}
