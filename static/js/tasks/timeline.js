/* When what happened to a task. */

import { h } from '../lib/dom.js';
import { clock } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { isTerminal, look } from '../state/task_state.js';
import { icon } from '../components/icons.js';
import { time } from '../components/parts.js';
import { nextTry } from './row.js';

/**
 * @param {import('../state/records.js').Task} task
 * @param {number} now server time, milliseconds
 */
export function timeline(task, now) {
  return h('section', { class: 'block', key: 'timeline' },
    h('h3', null, 'Timeline'),
    h('ol', { class: 'events' }, events(task, now).map(([name, at, mark, words, note]) =>
      h('li', { key: name, data: { state: mark } },
        icon(look(mark).icon), h('span', null, words, note && h('span', { class: 'soft' }, ` ${note}`)), time(at, clock(at))))));
}

function events(task, now) {
  const { submitted_at, scheduled_for, started_at, next_retry_at, finished_at, status, worker } = task;
  const past = (task.attempts ?? []).filter(({ started_at: at }) => at);
  const starts = past.some(({ attempt }) => attempt === task.attempt) || !started_at
    ? past : [...past, { attempt: task.attempt, started_at, worker, ended_at: null, state: '' }];
  const many = starts.length > 1;
  return [
    ['submitted', submitted_at, 'PENDING', 'Submitted', `to ${task.queue}`],
    scheduled_for && ['scheduled', scheduled_for, 'SCHEDULED', 'To start', ''],
    ...starts.flatMap((each) => [
      [`start-${each.attempt}-${each.started_at}`, each.started_at, 'STARTED', many ? `Attempt ${each.attempt} started` : 'Started',
        each.worker ? `on ${visible(each.worker)}` : ''],
      each.ended_at && each.ended_at !== finished_at && each.state !== 'SUCCESS'
        && [`end-${each.attempt}-${each.ended_at}`, each.ended_at, 'RETRY', `Attempt ${each.attempt} ended`,
          each.error ? visible(each.error).slice(0, 80) : ''],
    ]),
    status === 'RETRY' && next_retry_at
      && ['retry', next_retry_at, 'RETRY', 'Next attempt', nextTry(task, now).replace('next attempt ', '')],
    finished_at && isTerminal(task) && ['finished', finished_at, status, look(status).label, ''],
  ].filter(Boolean);
}
