/* "Why is it not running?": the reasons that the service gives, refreshed while the task waits. */

import { h } from '../dom.js';
import { clock, coarse, secondsBetween } from '../format.js';
import { visible } from '../json_text.js';
import { taskUrl } from '../router.js';
import { icon } from './icons.js';
import { time } from './parts.js';

const MOST_WORKERS = 8;
const CALM = new Set(['scheduled', 'next', 'retry_due', 'behind_others', 'workers_busy', 'running', 'ended']);

/**
 * @param {import('../store.js').State} state
 * @param {import('../store.js').Task} task
 * @param {number} now server time, milliseconds
 */
export function whyBlock({ why }, task, now) {
  if (why?.id !== task.task_id || !why.value) return null;
  const { summary, reasons, position, estimated_start_at: start, estimate } = why.value;
  return h('section', { class: 'block why', key: 'why', data: { testid: 'why' } },
    h('h3', null, 'Why is it not running?'),
    h('p', { class: 'why-summary' }, visible(summary)),
    h('ul', { class: 'reasons' }, reasons.map((reason) => h('li', { key: reason.code, data: { code: reason.code, calm: String(CALM.has(reason.code)) } },
      icon(CALM.has(reason.code) ? 'clock' : 'warning'),
      h('div', null, h('span', null, visible(reason.text)), reason.workers && busyWorkers(reason.workers, now))))),
    h('p', { class: 'soft why-estimate' },
      position !== null && [h('b', null, position === 1 ? 'Next in line' : `Number ${position} in line`), '. '],
      start && ['Expected to start at ', time(start, clock(start)), '. '], estimate && visible(estimate)));
}

function busyWorkers(workers, now) {
  return h('ul', { class: 'busy-workers' }, workers.slice(0, MOST_WORKERS).map(({ worker, task_id: id, task_type: type, started_at: started }) =>
    h('li', { key: worker }, h('span', { class: 'soft' }, visible(worker)), ' runs ', id ? h('a', { href: taskUrl(id) }, visible(type ?? 'a task')) : 'a task',
      started && h('span', { class: 'soft' }, ` for ${coarse(secondsBetween(started, now))}`))));
}
