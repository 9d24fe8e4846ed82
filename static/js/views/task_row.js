/* One task as a table row (a card on narrow screens), and its cancel button that asks first. */

import { h } from '../dom.js';
import { ago, duration, secondsBetween, shortId } from '../format.js';
import { oneLine, visible } from '../json_text.js';
import { taskUrl } from '../router.js';
import { isTerminal } from '../task_state.js';
import { button, copyButton, progressBar, stateBadge, time } from './parts.js';

const SUMMARY = 120;

/**
 * @param {import('../store.js').Task} task
 * @param {import('../store.js').State} state
 * @param {number} now server time, milliseconds
 * @param {any} actions
 */
export function taskRow(task, state, now, actions) {
  const id = task.task_id;
  return h('tr', {
    class: 'task-row', key: id,
    data: { testid: 'task-row', taskId: id, status: task.status, open: String(state.route.taskId === id) },
    on: { click: (event) => openFromRow(event, id) },
  },
    h('td', { class: 'c-state' }, stateBadge(task.status)),
    h('td', { class: 'c-task' },
      h('a', { class: 'row-link', href: taskUrl(id) }, visible(task.task_type)),
      h('span', { class: 'row-id' }, h('code', null, shortId(id)), copyButton(actions, id, 'task id'))),
    h('td', { class: 'c-queue' }, h('span', { class: 'tag' }, task.queue)),
    h('td', { class: 'c-attempt num' }, attempts(task)),
    h('td', { class: 'c-outcome' }, outcome(task, now)),
    h('td', { class: 'c-times num' }, times(task, now)),
    h('td', { class: 'c-age num' }, time(task.submitted_at, ago(task.submitted_at, now))),
    h('td', { class: 'c-act' }, cancelControl(task, state.cancels[id], actions)));
}

/** "2/6": the attempt that runs or ran last, of how many there may be. @param {any} task */
export function attempts({ attempt, max_attempts: most }) {
  return most ? h('span', { title: `attempt ${attempt} of at most ${most}` }, `${attempt}/${most}`) : h('span', { class: 'faint' }, '–');
}

/**
 * Seconds waited before the (last) start, and seconds run since.
 * @param {import('../store.js').Task} task
 * @param {number} now
 */
export function waitAndRun(task, now) {
  const { submitted_at: submitted, started_at: started, finished_at: finished, status } = task;
  const end = finished ?? (isTerminal(task) ? null : now);
  const running = started && (status === 'STARTED' || finished);
  return {
    wait: secondsBetween(submitted, started ?? end),
    run: running ? secondsBetween(started, end) : null,
  };
}

function times(task, now) {
  const { wait, run } = waitAndRun(task, now);
  return [
    h('span', { class: 'soft', title: 'waited' }, duration(wait)),
    run !== null && [h('span', { class: 'faint', 'aria-hidden': 'true' }, ' → '), h('b', { title: 'ran' }, duration(run))],
  ];
}

function outcome(task, now) {
  const { status, progress, error, result } = task;
  if (status === 'STARTED' && progress) return progressBar(progress);
  if (status === 'RETRY') return words('again', `${nextTry(task, now)}${error ? ` · ${error}` : ''}`);
  if (error && status === 'FAILURE') return words('bad', error);
  if (error) return words('soft', isTerminal(task) ? error : `last attempt: ${error}`);
  if (status === 'SUCCESS') return h('code', { class: 'summary', dir: 'ltr' }, oneLine(result, SUMMARY));
  return h('code', { class: 'summary faint', dir: 'ltr' }, oneLine(task.payload, SUMMARY));
}

/** "next in 3.2 s". @param {import('../store.js').Task} task @param {number} now */
export function nextTry(task, now) {
  const seconds = secondsBetween(now, task.next_retry_at);
  return seconds === null || seconds <= 0 ? 'next attempt is due' : `next attempt in ${Math.ceil(seconds)} s`;
}

function words(tone, text) {
  const clean = visible(text);
  return h('span', { class: `summary ${tone}`, dir: 'auto', title: clean.slice(0, 1000) }, clean.slice(0, SUMMARY * 2));
}

/**
 * Cancel, then "really?" in the same place.
 * @param {import('../store.js').Task} task
 * @param {'asking'|'busy'|undefined} step
 * @param {any} actions
 */
export function cancelControl(task, step, actions) {
  const id = task.task_id;
  if (isTerminal(task)) return null;
  if (!step) {
    return button('Cancel', () => actions.askCancel(id), {
      key: 'ask', class: 'quiet', data: { testid: 'cancel-button' }, 'aria-label': `Cancel ${task.task_type} ${shortId(id)}`,
    });
  }
  const running = task.status === 'STARTED';
  return h('span', { class: 'confirm', key: 'confirm', role: 'group', 'aria-label': 'Confirm' },
    button(running ? 'Stop it' : 'Cancel it', () => actions.cancel(id), {
      class: 'danger', disabled: step === 'busy', data: { testid: 'cancel-confirm' },
    }),
    button('Keep', () => actions.keep(id), { class: 'quiet', data: { testid: 'cancel-keep' } }));
}

function openFromRow(event, id) {
  // Buttons and links of the row do their own thing; so does a reader who selects text.
  if (event.target.closest('a, button') || String(getSelection())) return;
  location.hash = taskUrl(id);
}
