/* One task in full, in a drawer beside the page it was opened from; the same on both pages. */

import { hasKey } from '../api/session.js';
import { h } from '../lib/dom.js';
import { shortId } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { againUrl, editUrl, go, pageUrl, sharedTaskUrl, tasksUrl, taskUrl } from '../lib/router.js';
import { asCurl, asPython } from './snippets.js';
import { serverNow } from '../state/page_state.js';
import { isWaiting, look } from '../state/task_state.js';
import { base } from '../lib/root.js';
import { againForm } from './again.js';
import { attemptsBlock } from './attempts.js';
import { fits } from './bulk_bar.js';
import { editForm } from './edit.js';
import { lastingOptions, submissionText } from './form.js';
import { icon } from '../components/icons.js';
import { jsonBlock } from '../components/json_view.js';
import { button, copyButton, emptyState, facts, loadFailure, progressBar, stateBadge } from '../components/parts.js';
import { logLines } from './log.js';
import { attempts, cancelControl } from './row.js';
import { timeline } from './timeline.js';
import { traceback } from '../components/traceback.js';
import { whyBlock } from './why.js';
import * as common from '../texts/common.js';
import * as functions from '../texts/functions.js';
import * as submit from '../texts/submit.js';
import * as texts from '../texts/task.js';

/**
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function taskPanel(state, actions) {
  const id = state.route.taskId;
  if (!id) return null;
  const { record, problem } = state.task;
  return h('section', {
    class: 'panel', key: id, role: 'dialog', 'aria-labelledby': 'panel-title', tabindex: -1,
    data: { testid: 'task-panel', taskId: id, status: record?.status ?? '' },
  },
    h('div', { class: 'panel-head' },
      h('div', { class: 'panel-title' },
        h('h2', { id: 'panel-title' }, record ? visible(record.task_type) : 'Task'), record && stateBadge(record.status)),
      h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Close (Esc)', title: 'Close (Esc)',
        on: { click: actions.closePanel } }, icon('close'))),
    h('div', { class: 'panel-body' }, record ? body(record, state, actions) : missing(id, problem ?? state.problem)));
}

function missing(id, problem) {
  if (!problem) return h('p', { class: 'booting' }, common.LOADING);
  if (problem.code === 'task_not_found') {
    return emptyState(texts.NOT_FOUND, h('code', null, visible(id).slice(0, 64)), texts.NOT_FOUND_WHY);
  }
  return loadFailure(problem, 'this task');
}

function body(task, state, actions) {
  const whole = task.log !== undefined;
  const { form } = state.route;
  if (form === 'again' && whole && canSubmit()) return [idLine(task, actions), againForm(task, state.taskTypes, actions)];
  if (form === 'edit' && whole) return [idLine(task, actions), editForm(task, state.taskTypes, actions, canSubmit())];
  return story(task, state, actions);
}

/** The inspector takes no new tasks. */
function canSubmit() {
  return document.body.dataset.app === 'dashboard';
}

function idLine({ task_id: id }, actions) {
  return h('div', { class: 'panel-id', key: 'id' }, h('code', null, id), copyButton(actions, id, 'task id'));
}

function story(task, state, actions) {
  const now = serverNow(state);
  const { status } = task;
  const meaning = look(status);
  return [
    idLine(task, actions),
    controls(task, state, actions),
    state.task.problem && h('p', { class: 'note', key: 'old' }, common.outOfDate(state.task.problem.text)),
    h('p', { class: 'soft', key: 'means' }, `${texts.headline(task, now)}.`),
    isWaiting(task) && whyBlock(state, task, now),
    task.progress && status !== 'SUCCESS' && h('section', { class: 'block', key: 'progress' },
      h('h3', null, meaning.terminal ? texts.LAST_PROGRESS : 'Progress'), progressBar(task.progress)),
    task.error && errorBlock(task, actions),
    attemptsBlock(task, now, actions),
    timeline(task, now),
    h('div', { key: 'facts' }, facts(/** @type {[string, import('../lib/dom.js').Children][]} */ ([
      ['Queue', h('a', { href: tasksUrl({ queue: task.queue }) }, task.queue)], ['Attempt', attempts(task)],
      ['Worker', task.worker ? visible(task.worker) : '–'],
      ...(task.queue_priority ? [[submit.PRIORITY, task.queue_priority]] : []),
      ...(task.tags?.length
        ? [['Tags', task.tags.map((tag) => h('a', { class: 'tag', key: tag, href: tasksUrl({ q: `tag:${tag}` }) }, visible(tag)))]] : []),
      ...invocationOf(task),
      ...relatives(task),
      ...(task.deliveries > task.attempt || task.crashes
        ? [['Deliveries', task.deliveries], ['Crashes', task.crashes], [texts.CRASHES, task.losses]] : []),
    ]))),
    jsonBlock('Payload', task.payload, actions),
    task.reported && jsonBlock(functions.REPORTED, task.reported, actions),
    status === 'SUCCESS' && task.result !== undefined && jsonBlock('Result', task.result, actions),
    task.result_note && h('p', { class: 'hint', key: 'result-note', data: { testid: 'result-note' } },
      texts.substituted(visible(task.result_note))),
    task.log !== undefined && logBlock(task.log),
  ];
}

function controls(task, state, actions) {
  const id = task.task_id;
  const body = () => submissionText(task.task_type, task.payload, task.queue, lastingOptions(task));
  const able = (action) => fits(action, task.status);
  const whole = task.log !== undefined; // a row of the list may hold only the beginning of the payload
  return h('div', { class: 'panel-controls', key: 'controls' },
    h('div', { class: 'actions', key: 'do' },
      able('retry') && !task.retried_as
        && button('Retry', () => actions.retry(id), { key: 'retry', class: 'primary',
          data: { testid: 'retry-button', needs: 'operator' } }, 'retry'),
      able('requeue') && button('Run now', () => actions.act({ action: 'requeue', ids: [id], search: null, count: 1 }),
        { key: 'requeue', data: { testid: 'requeue-button', needs: 'operator' } }, 'play'),
      isWaiting(task) && whole && button(submit.EDIT, () => go(editUrl(id)), { key: 'edit',
        data: { testid: 'edit-button', needs: 'operator' } }, 'edit'),
      canSubmit() && whole && button(texts.RUN_AGAIN_BUTTON, () => go(againUrl(id)), { key: 'again',
        data: { testid: 'again-button', needs: 'submitter' } },
        'send'),
      h('span', { class: 'push', key: 'end', data: { needs: 'operator' } },
        cancelControl(task, state.cancels[id], actions),
        able('delete') && button('Delete', () => actions.remove(id), { key: 'delete', class: 'quiet', data: { testid: 'delete-button' } },
          'trash'))),
    h('div', { class: 'actions copies', key: 'copy' }, h('span', { class: 'faint' }, 'Copy'),
      button('Link', () => actions.copy(sharedTaskUrl(id), 'link'), { class: 'quiet', 'aria-label': 'Copy link' }, 'link'),
      whole && button('curl', () => actions.copy(asCurl(body(), base(), hasKey()), 'curl command'),
        { class: 'quiet', 'aria-label': 'Copy as curl', title: texts.COPY_CURL }, 'copy'),
      whole && button('Python', () => actions.copy(asPython(body(), base(), hasKey()), 'Python program'),
        { class: 'quiet', 'aria-label': 'Copy as Python', title: texts.COPY_PYTHON }, 'copy')));
}

/** How a function was called, and its page. */
function invocationOf({ invocation, task_type: name }) {
  if (!invocation) return [];
  const { type, condition } = invocation;
  return [['Function', h('a', { href: pageUrl('functions', {}, name) }, visible(name))],
    ['Invocation', h('span', { title: type }, `${functions.TYPES[type]}${condition ? `, ${functions.CONDITIONS[condition]}` : ''}`)]];
}

/** Links to the tasks that this one came from, was retried as, or starts. */
function relatives({ retry_of: before, retried_as: after, gate, schedule, flow_id: flow }) {
  const link = (id) => h('a', { href: taskUrl(id) }, h('code', null, shortId(id)));
  return [
    ...(schedule ? [['Schedule', h('a', { href: pageUrl('schedules', { find: schedule }) }, visible(schedule))]] : []),
    ...(flow ? [['Flow', h('a', { href: pageUrl('flows', {}, flow), data: { testid: 'its-flow' } }, h('code', null, shortId(flow)))]] : []),
    ...(before ? [['Retry of', link(before)]] : []), ...(after ? [['Retried as', link(after)]] : []),
    ...(gate ? [['Followed by', link(gate)]] : []),
  ];
}

/** Red only when the task has failed for good; a later attempt may still correct the error. */
function errorBlock({ status, error, traceback: trace, cause }, actions) {
  const title = status === 'FAILURE' ? 'Error' : look(status).terminal ? 'Reason' : 'Last error';
  return h('section', { class: status === 'FAILURE' ? 'block trouble' : 'block trouble calm', key: 'error' },
    h('div', { class: 'block-head' }, h('h3', null, title), copyButton(actions, `${error}\n\n${trace ?? ''}`, 'error')),
    h('p', { class: 'error-text', dir: 'auto' }, visible(error)),
    trace && h('details', { key: `traceback ${status}`, open: status === 'FAILURE' }, h('summary', null, 'Traceback'), traceback(trace)),
    cause && h('p', { class: 'cause' }, h('a', { href: pageUrl('failures', { cause }) }, texts.OTHER_FAILURES), ' · ',
      h('a', { href: tasksUrl({ q: `cause:${cause}` }) }, texts.SHOW_TASKS)));
}

function logBlock(lines) {
  return h('section', { class: 'block', key: 'log' }, h('h3', null, texts.logTitle(lines.length)),
    lines.length
      ? logLines(lines)
      : h('p', { class: 'faint' }, texts.NO_LOG));
}
