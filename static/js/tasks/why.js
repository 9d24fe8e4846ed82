/* "Why is it not running?": the reasons that the service gives, refreshed while the task waits. */

import { h } from '../lib/dom.js';
import { ago, clock, coarse, moment, secondsBetween, until, zoneAt } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { taskUrl } from '../lib/router.js';
import { icon } from '../components/icons.js';
import { time } from '../components/parts.js';
import * as texts from '../texts/task.js';

const MOST_WORKERS = 8;
const CALM = new Set(['scheduled', 'next', 'retry_due', 'behind_others', 'fair_turn', 'workers_busy', 'running', 'ended']);

/**
 * @param {import('../state/store.js').State} state
 * @param {import('../state/records.js').Task} task
 * @param {number} now server time, milliseconds
 */
export function whyBlock({ why }, task, now) {
  if (why?.id !== task.task_id || !why.value) return null;
  const { summary, reasons, position, estimated_start_at: start, estimate } = why.value;
  // The first reason is the summary: it is not said twice.
  const listed = reasons.filter(({ text, workers }, i) => i > 0 || text !== summary || workers?.length);
  return h('section', { class: 'block why', key: 'why', data: { testid: 'why' } },
    h('h3', null, texts.WHY),
    h('p', { class: 'why-summary' }, visible(summary), detail(reasons[0], now)),
    h('ul', { class: 'reasons' },
      listed.map((reason) => h('li', { key: reason.code, data: { code: reason.code, calm: String(CALM.has(reason.code)) } },
      icon(CALM.has(reason.code) ? 'clock' : 'warning'),
      h('div', null, reason.text !== summary && h('span', null, visible(reason.text), detail(reason, now)),
        reason.workers && busyWorkers(reason.workers, now))))),
    h('p', { class: 'soft why-estimate' },
      position !== null && [h('b', null, position === 1 ? texts.NEXT_IN_LINE : texts.inLine(position)), '. '],
      start && !reasons.some(({ due_at: due }) => due === start) && [texts.EXPECTED, time(start, when(start, now)), '. '],
      estimate && visible(estimate)),
    // The times of one box are in one zone, and it is named once.
    (start || reasons.some(({ due_at: due, since }) => due || since))
      && h('p', { class: 'faint zone', key: 'zone', data: { testid: 'why-zone' } }, texts.timesIn(zoneAt(start ?? now))));
}

/** The times of a reason, which its text leaves to the reader's clock. */
function detail({ code, due_at: due, since }, now) {
  return [
    due && [texts.DUE[code] ?? texts.ENDS_AT, time(due, when(due, now)), ` (${until(due, now)}).`],
    since && [' Since ', time(since, when(since, now)), ` (${ago(since, now)}).`],
  ];
}

/** The time of day, and the day where that is not today. */
function when(at, now) {
  const day = moment(at, now);
  return day.includes(',') ? `${day.split(',')[0]}, ${clock(at)}` : clock(at);
}

function busyWorkers(workers, now) {
  return h('ul', { class: 'busy-workers' },
    workers.slice(0, MOST_WORKERS).map(({ worker, task_id: id, task_type: type, started_at: started }) =>
    h('li', { key: worker }, h('span', { class: 'soft' }, visible(worker)), ' runs ',
      id ? h('a', { href: taskUrl(id) }, visible(type ?? 'a task')) : 'a task',
      started && h('span', { class: 'soft' }, ` for ${coarse(secondsBetween(started, now))}`))));
}
