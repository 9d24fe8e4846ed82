/* When what happened to a task: a bar of waiting and running, and the instants below it. */

import { h } from '../dom.js';
import { clock, duration } from '../format.js';
import { visible } from '../json_text.js';
import { isTerminal, look } from '../task_state.js';
import { icon } from './icons.js';
import { time } from './parts.js';
import { nextTry, waitAndRun } from './task_row.js';

/**
 * @param {import('../store.js').Task} task
 * @param {number} now server time, milliseconds
 */
export function timeline(task, now) {
  const { wait, run } = waitAndRun(task, now);
  const again = task.attempt > 1;
  return h('section', { class: 'block', key: 'timeline' },
    h('h3', null, 'Timeline'),
    h('div', { class: 'spans', 'aria-hidden': 'true' },
      h('i', { class: 'span wait', style: { 'flex-grow': String(wait || 0.001) } }),
      run !== null && h('i', { class: 'span run', data: { state: task.status }, style: { 'flex-grow': String(run || 0.001) } })),
    h('p', { class: 'span-words' },
      h('span', null, h('i', { class: 'swatch wait' }), `${again ? 'Waited and earlier attempts' : 'Waited'} `, h('b', null, duration(wait))),
      run !== null && h('span', null, h('i', { class: 'swatch run', data: { state: task.status } }), `${again ? `Attempt ${task.attempt} ran` : 'Ran'} `, h('b', null, duration(run)))),
    h('ol', { class: 'events' }, events(task, now).map(([name, at, mark, words, note]) =>
      h('li', { key: name, data: { state: mark } },
        icon(look(mark).icon), h('span', null, words, note && h('span', { class: 'soft' }, ` ${note}`)), time(at, clock(at))))));
}

function events(task, now) {
  const { submitted_at, scheduled_for, started_at, next_retry_at, finished_at, status } = task;
  const by = task.worker ? `on ${visible(task.worker)}` : '';
  const nth = task.attempt > 1 ? `Attempt ${task.attempt} started` : 'Started';
  return [
    ['submitted', submitted_at, 'PENDING', 'Submitted', `to ${task.queue}`],
    scheduled_for && ['scheduled', scheduled_for, 'SCHEDULED', 'To start', ''],
    started_at && ['started', started_at, 'STARTED', nth, by],
    status === 'RETRY' && next_retry_at && ['retry', next_retry_at, 'RETRY', 'Next attempt', nextTry(task, now).replace('next attempt ', '')],
    finished_at && isTerminal(task) && ['finished', finished_at, status, look(status).label, ''],
  ].filter(Boolean);
}
