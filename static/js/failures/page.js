/* What fails, grouped by cause: one card a cause, with a few of its tasks tried again before the
   rest. Grouping is the server's; here it is shown and acted on. */

import { h } from '../lib/dom.js';
import { ago, count, shortId } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { pageUrl, taskUrl, tasksUrl } from '../lib/router.js';
import { serverNow } from '../state/page_state.js';
import { varying } from '../lib/varying.js';
import { isTerminal } from '../state/task_state.js';
import { sparkline } from '../components/chart.js';
import { segments } from '../components/choices.js';
import { factPage } from '../components/fact_page.js';
import { icon } from '../components/icons.js';
import { button, copyButton, emptyState, stateBadge, time } from '../components/parts.js';
import { traceback } from '../components/traceback.js';
import * as texts from '../texts/failures.js';

const SORTS = {
  count: [texts.ORDERS.count, (a, b) => b.count - a.count],
  last: [texts.ORDERS.last, (a, b) => Date.parse(b.last_seen) - Date.parse(a.last_seen)],
  first: [texts.ORDERS.first, (a, b) => Date.parse(b.first_seen) - Date.parse(a.first_seen)],
};

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function failuresPage(state, actions) {
  const { sort: asked, cause } = state.route.params;
  const sort = asked in SORTS ? asked : 'count';
  const options = /** @type {[string, string][]} */ (Object.entries(SORTS).map(([name, [words]]) => [name, words]));
  const aside = segments('Order', sort, options, (each) => pageUrl('failures', { sort: each === 'count' ? '' : each }));
  return factPage(state, 'failures', 'Failures', texts.ABOUT, ({ groups, ungrouped }) => {
    const sorted = [...groups].sort(SORTS[sort][1]);
    return [
      groups.length > 0 && h('p', { class: 'strip', key: 'strip' },
        h('span', null, h('b', null, count(groups.reduce((sum, g) => sum + g.count, 0))), ' failed tasks'),
        h('span', null, h('b', null, groups.length), groups.length === 1 ? ' cause' : ' causes'),
        groups.some((group) => piecesOf(group).some(({ same }) => !same)) && h('span', { key: 'dimmed' }, texts.DIMMED)),
      groups.length
        ? h('ul', { class: 'groups', key: 'groups' },
          sorted.map((group) => groupCard(group, group.fingerprint === cause, sort, state, actions)))
        : h('div', { key: 'none' }, emptyState(texts.NONE, texts.APPEAR)),
      ungrouped > 0 && h('p', { class: 'soft', key: 'ungrouped' }, texts.ungrouped(ungrouped),
        h('a', { href: tasksUrl({ state: 'FAILURE' }) }, texts.ALL_FAILED)),
    ];
  }, { aside });
}

function groupCard(group, open, sort, state, actions) {
  const { fingerprint, error_type: error, frame } = group;
  const now = serverNow(state);
  const keep = { sort: sort === 'count' ? '' : sort };
  return h('li', { class: 'card group', key: fingerprint, data: { testid: 'failure-group', fingerprint, open: String(open) } },
    h('div', { class: 'group-head' },
      h('div', { class: 'group-what' },
        h('h2', null, visible(error)),
        h('p', { class: 'group-message', dir: 'auto', title: texts.MESSAGE_MEANS }, messageOf(group)),
        h('p', { class: 'group-where' }, frame && h('code', null, visible(frame)),
          group.task_types.map((type) => h('span', { class: 'tag', key: `type ${type}` }, visible(type))),
          group.queues.map((queue) => h('span', { class: 'tag', key: `queue ${queue}` }, `${queue} queue`)))),
      h('div', { class: 'group-when' },
        h('a', { class: 'big', href: tasksUrl({ q: `cause:${fingerprint}` }), data: { testid: 'group-tasks' } },
          h('b', null, count(group.count)), h('span', null, group.count === 1 ? 'task' : 'tasks')),
        h('div', null, sparkline(group.trend, trendWords(group.trend)),
          h('p', { class: 'spark-foot', 'aria-hidden': 'true' }, h('span', null, '24 h ago'), h('span', null, 'now'))),
        h('dl', { class: 'smalls' },
          h('div', null, h('dt', null, 'First seen'), h('dd', null, time(group.first_seen, ago(group.first_seen, now)))),
          h('div', null, h('dt', null, 'Last seen'), h('dd', null, time(group.last_seen, ago(group.last_seen, now))))))),
    h('div', { class: 'actions' },
      retryControls(group, state.ui.retries?.[fingerprint], state, actions),
      h('a', { class: 'button', href: pageUrl('failures', { ...keep, cause: open ? '' : fingerprint }), 'aria-expanded': String(open),
        data: { testid: 'group-open' } }, open ? texts.HIDE_EXAMPLE : texts.SHOW_EXAMPLE)),
    open && sample(group, actions));
}

function retryControls(group, progress, state, actions) {
  const { retryable } = group;
  const tried = Boolean(progress?.trial && !progress.busy);
  if (progress?.busy) return h('span', { class: 'note', key: 'outcome', role: 'status' }, texts.retrying(progress.retried));
  const outcome = progress && trialOutcome(group, progress, state);
  if (!retryable) return [outcome, h('span', { class: 'soft', key: 'none' }, texts.ALL_RETRIED)];
  const again = tried && trialFailed(progress, state);
  const all = retryable === 1 ? texts.RETRY_IT : tried ? texts.retryRemaining(retryable) : texts.retryAll(retryable);
  return [
    again && h('a', { class: 'button primary', key: 'look', href: taskUrl(again), data: { testid: 'latest-failure' } }, icon('warning'),
      h('span', null, texts.OPEN_LATEST)),
    retryable > 3 && button(texts.TRY_3, () => actions.retryTrial(group),
      { key: 'trial', class: tried ? '' : 'primary', data: { testid: 'retry-trial', needs: 'operator' } }, 'retry'),
    button(all, () => actions.askRetryAll(group, tried),
      { key: 'all', class: tried && !again && isThrough(progress, state) ? 'primary' : '',
        data: { testid: 'retry-all', needs: 'operator' } }, 'retry'),
    outcome,
  ];
}

function trialTasks(progress, state) {
  return (state.facts.trial?.value ?? []).filter((task) => progress.ids.includes(task.task_id));
}

/** The id of the task of a trial that failed last, if any has. */
function trialFailed(progress, state) {
  const failed = trialTasks(progress, state).filter(({ status }) => status === 'FAILURE');
  return failed.sort((a, b) => Date.parse(b.finished_at) - Date.parse(a.finished_at))[0]?.task_id ?? null;
}

/** Whether every task of the trial has ended. */
function isThrough(progress, state) {
  const tasks = trialTasks(progress, state);
  return tasks.length > 0 && tasks.every(isTerminal);
}

/** The latest error, with what varies dimmed; of a group whose sample is gone, what is common. */
function messageOf(group) {
  const { message, sample_error: sample } = group;
  if (!sample) return message ? visible(message) : h('span', { class: 'faint' }, texts.NO_MESSAGE);
  return piecesOf(group).map(({ text, same }) => (same ? visible(text) : h('span', { class: 'varies' }, visible(text))));
}

/** The latest error in what is common and what varies; nothing if it is gone. */
function piecesOf({ error_type: error, message, sample_error: sample }) {
  return sample ? varying(sample, message, error) : [];
}

/** The states of the tasks that were submitted again, and a summary of them. */
function trialOutcome({ task_types: types }, progress, state) {
  const tasks = trialTasks(progress, state);
  const n = (status) => tasks.filter((task) => task.status === status).length;
  const open = tasks.filter((task) => !isTerminal(task)).length;
  const words = !tasks.length ? '' : open ? texts.stillRunning(open)
    : n('FAILURE') ? texts.ended(n('SUCCESS'), n('FAILURE')) : texts.ALL_SUCCEEDED;
  return h('div', { class: n('FAILURE') ? 'note trial' : 'note good trial', key: 'outcome', role: 'status', data: { testid: 'retried' } },
    h('span', null, texts.retried(progress.retried, ago(progress.at, serverNow(state)))),
    tasks.map((task) => h('a', { key: task.task_id, href: taskUrl(task.task_id), data: { testid: 'trial-task' } },
      stateBadge(task.status))),
    words ? h('span', { key: 'words' }, words)
      : h('a', { key: 'see', href: tasksUrl({ q: `type:${types[0]} age:<1h` }) }, texts.SEE_RESULTS));
}

function sample({ sample_task_id: id, sample_error: error, sample_traceback: trace }, actions) {
  return h('section', { class: 'block trouble', key: 'sample', data: { testid: 'group-sample' } },
    h('div', { class: 'block-head' }, h('h3', null, 'The latest', id && [': ', h('a', { href: taskUrl(id) }, `task ${shortId(id)}`)]),
      copyButton(actions, `${error}\n\n${trace ?? ''}`, 'error')),
    h('p', { class: 'error-text', dir: 'auto' }, visible(error ?? '')),
    trace && traceback(trace));
}

function trendWords(trend) {
  const last = trend.at(-1) ?? 0;
  return texts.trend(trend.reduce((sum, n) => sum + n, 0), last);
}
