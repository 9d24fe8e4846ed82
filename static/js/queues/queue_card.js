/* One queue in a card: what waits, what runs, who works on it, and its recent outcomes. */

import { h } from '../lib/dom.js';
import { coarse, count, duration, percent, rate } from '../lib/format.js';
import { pageUrl, tasksUrl } from '../lib/router.js';
import { isUntouched, measuredOver, pace } from '../state/pace.js';
import { icon } from '../components/icons.js';
import { code } from '../components/parts.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/queues.js';

const MOST_SLOTS = 24;

/**
 * @param {import('../state/records.js').QueueStats} queue
 * @param {any} totals of the time shown; undefined: not known yet
 * @param {string} span in words
 */
export function queueCard(queue, totals, span) {
  const orphan = queue.consumers === 0;
  return h('article', {
    class: 'card queue-card', key: queue.queue,
    data: { testid: `queue-${queue.queue}`, orphan: String(orphan), stopped: String(queue.paused || queue.draining) },
    'aria-label': `Queue ${queue.queue}`,
  },
    h('header', null, h('h2', null, h('a', { href: tasksUrl({ queue: queue.queue }) }, queue.queue)),
      h('span', { class: 'marks' }, modeChip(queue), staff(queue))),
    h('div', { class: 'bigs' }, big('Waiting', queue, 'queued', 'PENDING'), big('Running', queue, 'active', 'STARTED')),
    orphan ? alarm(queue) : slots(queue),
    h('dl', { class: 'smalls' },
      small('Oldest waiting', coarse(queue.oldest_waiting_s), (queue.oldest_waiting_s ?? 0) >= 60),
      small('Retrying', count(queue.retry)),
      small('Scheduled', count(queue.scheduled)),
      small('Throughput', throughput(queue)),
      small('Failures', failures(queue), queue.last_minute.failed > 0)),
    percentiles(totals, span));
}

/** Whether someone stopped it by hand. @param {import('../state/records.js').QueueStats} queue */
export function modeChip({ paused, draining }) {
  if (paused) return h('a', { class: 'chip warn', key: 'mode', href: pageUrl('queues') }, icon('pause'), 'paused');
  return draining && h('a', { class: 'chip warn', key: 'mode', href: pageUrl('queues') }, icon('drain'), 'draining');
}

function staff({ consumers, workers }) {
  if (consumers === 0) return h('span', { class: 'chip bad', key: 'none' }, icon('warning'), 'no consumer');
  return h('span', { class: 'chip', key: 'some' }, texts.staff(workers, consumers));
}

function big(label, queue, field, state) {
  return h('a', { class: 'big', href: tasksUrl({ queue: queue.queue, state }), data: { count: field } },
    h('b', null, count(queue[field])), h('span', null, label));
}

/** A square for each worker slot, filled while it runs a task. */
function slots({ active, workers }) {
  const shown = Math.min(workers, MOST_SLOTS);
  const busy = Math.round((Math.min(active, workers) / Math.max(1, workers)) * shown);
  return h('div', { class: 'slots', title: texts.busyWorkers(Math.min(active, workers), workers) },
    h('span', { class: 'slot-row', 'aria-hidden': 'true' },
      Array.from({ length: shown }, (_, i) => h('i', { class: i < busy ? 'slot busy' : 'slot' }))),
    h('span', null, texts.busy(Math.min(active, workers), workers)));
}

/** What to do about a queue without a consumer. @param {import('../state/records.js').QueueStats} queue */
export function alarm({ queue, queued }) {
  // What is read out at once is what stays the same; the number changes with each task.
  return h('p', { class: 'alarm', key: 'alarm' },
    texts.waitForConsumer(queued),
    h('span', { role: 'alert' }, common.NO_CONSUMER, code(common.startConsumer(queue))));
}

/**
 * Of the last full minute, and whether that is more or less than the minute before.
 * @param {import('../state/records.js').QueueStats} queue
 */
export function throughput({ last_minute: minute }) {
  const { per_s: now, per_s_before: before } = minute;
  const change = before === null || (now === 0 && before === 0) ? 0 : (now - before) / Math.max(now, before);
  const [arrow, words] = change > 0.1 ? ['↗', texts.TRENDS.up] : change < -0.1 ? ['↘', texts.TRENDS.down] : ['→', texts.TRENDS.same];
  return [pace(minute), before !== null && now + before > 0
    && h('span', { class: 'trend', key: 'trend', role: 'img', 'aria-label': words, title: texts.before(rate(before)) }, ` ${arrow}`), ' ',
    measured(minute)];
}

/** @param {import('../state/records.js').QueueStats} queue */
export function failures({ last_minute: minute }) {
  const { failure_rate: share, failed } = minute;
  return [failed ? h('a', { href: pageUrl('failures') }, percent(share)) : percent(share), ' ', share !== null && measured(minute)];
}

function measured(minute) {
  if (isUntouched(minute)) return null;
  const [text, title] = measuredOver(minute);
  return h('span', { class: 'soft last-min', key: 'last-min', title }, text);
}

function small(label, value, late = false) {
  return h('div', { key: label, class: late ? 'late' : '' }, h('dt', null, label), h('dd', null, value));
}

/** Waiting and running times of the time shown. @param {any} totals @param {string} span */
export function percentiles(totals, span) {
  const row = (label, kind) => h('tr', { key: kind }, h('th', { scope: 'row' }, label),
    ['p50', 'p95', 'p99'].map((p) => h('td', { class: 'num', key: p }, duration(totals?.[`${kind}_${p}_s`]))));
  return h('table', { class: 'percentiles', key: 'percentiles' },
    h('thead', null, h('tr', null, h('th', { scope: 'col' }, `Last ${span}`),
      ['p50', 'p95', 'p99'].map((p) => h('th', { scope: 'col', class: 'num', key: p }, p)))),
    h('tbody', null, row('Wait', 'wait'), row('Run', 'run')));
}
