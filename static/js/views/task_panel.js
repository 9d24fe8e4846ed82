/* One task in full, in a drawer beside the page it was opened from; the same on both pages. */

import { h } from '../dom.js';
import { clock } from '../format.js';
import { visible } from '../json_text.js';
import { sharedTaskUrl } from '../router.js';
import { hasKey, taskAsCurl } from '../snippets.js';
import { serverNow } from '../store.js';
import { look } from '../task_state.js';
import { icon } from './icons.js';
import { jsonBlock } from './json_view.js';
import { button, copyButton, emptyState, facts, progressBar, stateBadge } from './parts.js';
import { attempts, cancelControl } from './task_row.js';
import { timeline } from './timeline.js';

/**
 * @param {import('../store.js').State} state
 * @param {any} actions
 */
export function taskPanel(state, actions) {
  const id = state.route.taskId;
  if (!id) return null;
  const { record, problem } = state.task;
  return h('aside', {
    class: 'panel', key: id, role: 'dialog', 'aria-labelledby': 'panel-title', tabindex: -1,
    data: { testid: 'task-panel', taskId: id, status: record?.status ?? '' },
  },
    h('header', { class: 'panel-head' },
      h('div', { class: 'panel-title' },
        h('h2', { id: 'panel-title' }, record ? visible(record.task_type) : 'Task'), record && stateBadge(record.status)),
      h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Close (Esc)', title: 'Close (Esc)', on: { click: actions.closePanel } }, icon('close'))),
    h('div', { class: 'panel-body' }, record ? whole(record, state, actions) : missing(id, problem)));
}

function missing(id, problem) {
  if (!problem) return h('p', { class: 'booting' }, 'Loading…');
  if (problem.code === 'task_not_found') {
    return emptyState('There is no such task', 'Nothing is known of ', h('code', null, visible(id).slice(0, 64)),
      '. Finished tasks are kept for a day (RESULT_TTL_S); or the id is mistyped.');
  }
  return emptyState('This task cannot be read', `${problem.text} The page keeps trying.`);
}

function whole(task, state, actions) {
  const now = serverNow(state);
  const id = task.task_id;
  return [
    h('div', { class: 'panel-id', key: 'id' }, h('code', null, id), copyButton(actions, id, 'task id')),
    h('div', { class: 'actions', key: 'actions' },
      button('Copy link', () => actions.copy(sharedTaskUrl(id), 'link'), {}, 'link'),
      button('Copy as curl', () => actions.copy(taskAsCurl(id, location.origin, hasKey()), 'curl command'), {}, 'copy'),
      h('span', { class: 'push' }, cancelControl(task, state.cancels[id], actions))),
    state.task.problem && h('p', { class: 'note', key: 'old' }, `Not refreshed: ${state.task.problem.text}`),
    h('p', { class: 'soft', key: 'means' }, `${look(task.status).label}: ${look(task.status).means}.`),
    task.progress && task.status !== 'SUCCESS' && h('section', { class: 'block', key: 'progress' },
      h('h3', null, look(task.status).terminal ? 'Got as far as' : 'Progress'), progressBar(task.progress)),
    task.error && errorBlock(task, actions),
    timeline(task, now),
    facts([
      ['Queue', task.queue], ['Attempt', attempts(task)], ['Worker', task.worker ? visible(task.worker) : '–'],
      ...(task.deliveries > task.attempt || task.crashes ? [['Deliveries', task.deliveries], ['Crashes', task.crashes], ['Consumers lost', task.losses]] : []),
    ]),
    jsonBlock('Payload', task.payload, actions),
    task.status === 'SUCCESS' && jsonBlock('Result', task.result, actions),
    task.log !== undefined && logBlock(task.log),
  ];
}

/** Red only while it is the end of the task; what a later attempt may mend is told calmly. */
function errorBlock({ status, error, traceback }, actions) {
  const title = status === 'FAILURE' ? 'Error' : look(status).terminal ? 'Why it ended' : 'Error of the last attempt';
  return h('section', { class: status === 'FAILURE' ? 'block trouble' : 'block trouble calm', key: 'error' },
    h('div', { class: 'block-head' }, h('h3', null, title), copyButton(actions, `${error}\n\n${traceback ?? ''}`, 'error')),
    h('p', { class: 'error-text', dir: 'auto' }, visible(error)),
    traceback && h('details', null, h('summary', null, 'Traceback'), h('pre', { tabindex: 0, dir: 'ltr' }, visible(traceback))));
}

function logBlock(lines) {
  return h('section', { class: 'block', key: 'log' }, h('h3', null, 'Log'),
    lines.length
      ? h('ol', { class: 'log', tabindex: 0, 'aria-label': 'Log' }, lines.map(({ at, level, text }) =>
        h('li', { data: { level } }, h('time', { datetime: at }, clock(at)), h('b', null, level.toLowerCase()), h('span', { dir: 'auto' }, visible(text)))))
      : h('p', { class: 'faint' }, 'The task has logged nothing.'));
}
