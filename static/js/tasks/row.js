/* One task as a table row (a card on narrow screens), and its cancel button that asks first. */

import { h } from '../lib/dom.js';
import { ago, duration, secondsBetween, shortId, withoutRequestId } from '../lib/format.js';
import { oneLine, visible } from '../lib/json_text.js';
import { go, taskUrl } from '../lib/router.js';
import { isTerminal } from '../state/task_state.js';
import { button, copyButton, progressBar, stateBadge, time } from '../components/parts.js';
import * as texts from '../texts/task.js';
import { COLUMNS, NO_LONGER_MATCHES, SELECT_ROW } from '../texts/tasks.js';

const SUMMARY = 120;

const NUMBERS = new Set(['attempt', 'times', 'age']);

/** @param {HTMLElement} [chooser] what chooses all rows; without it, rows cannot be chosen */
export function tableHead(chooser) {
  return h('thead', null, h('tr', null, chooser && h('th', { scope: 'col', class: 'h-select', key: 'select' }, chooser),
    COLUMNS.map(([name, label]) => h('th', { scope: 'col', key: name, class: `h-${name}${NUMBERS.has(name) ? ' num' : ''}` },
      label || h('span', { class: 'off-screen' }, 'Actions')))));
}

/**
 * @param {import('../state/records.js').Task} task
 * @param {import('../state/store.js').State} state
 * @param {number} now server time, milliseconds
 * @param {import('../state/actions.js').Actions} actions
 * @param {{left: boolean}} [choosable] the row can be chosen; `left`: it no longer fits the search
 */
export function taskRow(task, state, now, actions, choosable) {
  const id = task.task_id;
  const chosen = Boolean(choosable) && (state.selection.everything || state.selection.ids.has(id));
  return h('tr', {
    class: 'task-row', key: id,
    data: {
      testid: 'task-row', taskId: id, status: task.status, open: String(state.route.taskId === id), chosen: String(chosen),
      left: String(Boolean(choosable?.left)),
    },
    title: choosable?.left ? NO_LONGER_MATCHES : null,
    on: { click: (event) => openFromRow(event, id) },
  },
    choosable && h('td', { class: 'c-select' }, check(task, chosen, actions)),
    h('td', { class: 'c-state' }, stateBadge(task.status)),
    h('td', { class: 'c-task' },
      h('a', { class: 'row-link', href: taskUrl(id), dir: 'auto' }, visible(task.task_type)),
      h('span', { class: 'row-id' }, h('code', null, shortId(id)), copyButton(actions, id, 'task id'))),
    h('td', { class: 'c-queue' }, h('span', { class: 'tag' }, task.queue)),
    h('td', { class: 'c-attempt num' }, attempts(task)),
    h('td', { class: 'c-outcome' }, outcome(task, now)),
    h('td', { class: 'c-times num' }, times(task, now)),
    h('td', { class: 'c-age num' }, time(task.submitted_at, ago(task.submitted_at, now))),
    h('td', { class: 'c-act' }, cancelControl(task, state.cancels[id], actions)));
}

function check(task, chosen, actions) {
  return h('button', {
    type: 'button', class: 'check', role: 'checkbox', 'aria-checked': String(chosen), data: { testid: 'row-check' },
    'aria-label': `Select ${visible(task.task_type)} ${shortId(task.task_id)}`, title: SELECT_ROW,
    on: { click: (event) => actions.choose(task.task_id, event.shiftKey) },
  });
}

/** "2/6": the attempt that runs or ran last, of how many there may be. @param {any} task */
export function attempts({ attempt, max_attempts: most }) {
  return most && attempt ? h('span', { title: texts.attemptOf(attempt, most) }, `${attempt}/${most}`) : h('span', { class: 'faint' }, '–');
}

/**
 * Seconds waited for the last attempt, and seconds that it took.
 * @param {import('../state/records.js').Task & {read_at?: number}} task
 * @param {number} now
 */
export function waitAndRun(task, now) {
  const { submitted_at: submitted, started_at: started, finished_at: finished, status, wait_s: waited } = task;
  const end = finished ?? (isTerminal(task) ? null : now);
  const running = started && (status === 'STARTED' || finished);
  const waits = status === 'PENDING' && waited && task.read_at ? waited + Math.max(0, now - task.read_at) / 1000 : waited;
  return {
    wait: waits ?? secondsBetween(submitted, started ?? end),
    run: running ? secondsBetween(started, end) : null,
  };
}

function times(task, now) {
  const { wait, run } = waitAndRun(task, now);
  return [
    h('span', { class: 'soft', title: 'queued' }, duration(wait)),
    run !== null && [h('span', { class: 'faint', 'aria-hidden': 'true' }, ' → '), h('b', { title: 'ran' }, duration(run))],
  ];
}

function outcome(task, now) {
  const { status, progress } = task;
  const error = task.error && withoutRequestId(task.error);
  if (status === 'STARTED' && progress) return progressBar(progress);
  if (status === 'RETRY') return words('again', `${nextTry(task, now)}${error ? ` · ${error}` : ''}`);
  if (error && status === 'FAILURE') return words('bad', error);
  if (error) return words('soft', isTerminal(task) ? error : texts.lastAttempt(error));
  return h('code', { class: 'summary faint', dir: 'ltr' }, oneLine(task.payload, SUMMARY));
}

/** "next in 3.2 s". @param {import('../state/records.js').Task} task @param {number} now */
export function nextTry(task, now) {
  const seconds = secondsBetween(now, task.next_retry_at);
  return seconds === null || seconds <= 0 ? texts.NEXT_IS_DUE : texts.nextIn(Math.ceil(seconds));
}

function words(tone, text) {
  const clean = visible(text);
  return h('span', { class: `summary ${tone}`, dir: 'auto', title: clean.slice(0, 1000) }, clean.slice(0, SUMMARY * 2));
}

/**
 * Cancel, then "really?" in the same place.
 * @param {import('../state/records.js').Task} task
 * @param {'asking'|'busy'|undefined} step
 * @param {import('../state/actions.js').Actions} actions
 */
export function cancelControl(task, step, actions) {
  const id = task.task_id;
  if (isTerminal(task)) return null;
  if (!step) {
    return button('Cancel', () => actions.askCancel(id), {
      key: 'ask', class: 'quiet', data: { testid: 'cancel-button', needs: 'operator' },
      'aria-label': `Cancel ${task.task_type} ${shortId(id)}`,
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
  go(taskUrl(id));
}
