/* What fails, grouped by cause: one card a cause, with a few of its tasks tried again before the
   rest. Grouping is the server's; here it is shown and acted on. */

import { h } from '../dom.js';
import { ago, count, plural, shortId } from '../format.js';
import { visible } from '../json_text.js';
import { pageUrl, taskUrl, tasksUrl } from '../router.js';
import { serverNow } from '../store.js';
import { sparkline } from './chart.js';
import { segments } from './choices.js';
import { factPage } from './fact_page.js';
import { button, copyButton, emptyState, time } from './parts.js';

const SORTS = {
  count: ['most tasks', (a, b) => b.count - a.count],
  last: ['latest', (a, b) => Date.parse(b.last_seen) - Date.parse(a.last_seen)],
  first: ['newest cause', (a, b) => Date.parse(b.first_seen) - Date.parse(a.first_seen)],
};

/** @param {import('../store.js').State} state @param {any} actions */
export function failuresPage(state, actions) {
  const { sort: asked, cause } = state.route.params;
  const sort = asked in SORTS ? asked : 'count';
  const options = /** @type {[string, string][]} */ (Object.entries(SORTS).map(([name, [words]]) => [name, words]));
  const aside = segments('Order', sort, options, (each) => pageUrl('failures', { sort: each === 'count' ? '' : each }));
  return factPage(state, 'failures', 'Failures', 'Failed tasks by cause: the error, where in the task it was raised, and its message without numbers and names.', ({ groups, ungrouped }) => {
    const sorted = [...groups].sort(SORTS[sort][1]);
    return [
      groups.length > 0 && h('p', { class: 'strip', key: 'strip' }, h('span', null, h('b', null, count(groups.reduce((sum, g) => sum + g.count, 0))), ' failed tasks'),
        h('span', null, h('b', null, groups.length), groups.length === 1 ? ' cause' : ' causes')),
      groups.length
        ? h('ul', { class: 'groups', key: 'groups' }, sorted.map((group) => groupCard(group, group.fingerprint === cause, sort, state, actions)))
        : h('div', { key: 'none' }, emptyState('No task has failed', 'Or none of those that failed is kept any more. Failures appear here by themselves, grouped by cause.')),
      ungrouped > 0 && h('p', { class: 'soft', key: 'ungrouped' }, `${plural(ungrouped, 'failed task')} ended without an error to group by. `,
        h('a', { href: tasksUrl({ state: 'FAILURE' }) }, 'All failed tasks')),
    ];
  }, { aside });
}

function groupCard(group, open, sort, state, actions) {
  const { fingerprint, error_type: error, message, frame } = group;
  const now = serverNow(state);
  const keep = { sort: sort === 'count' ? '' : sort };
  return h('li', { class: 'card group', key: fingerprint, data: { testid: 'failure-group', fingerprint, open: String(open) } },
    h('div', { class: 'group-head' },
      h('div', { class: 'group-what' },
        h('h2', null, visible(error)),
        h('p', { class: 'group-message', dir: 'auto' }, message ? visible(message) : h('span', { class: 'faint' }, 'without a message')),
        h('p', { class: 'group-where' }, frame && h('code', null, visible(frame)), group.task_types.map((type) => h('span', { class: 'tag', key: `type ${type}` }, visible(type))),
          group.queues.map((queue) => h('span', { class: 'tag', key: `queue ${queue}` }, `${queue} queue`)))),
      h('div', { class: 'group-when' },
        h('a', { class: 'big', href: tasksUrl({ q: `cause:${fingerprint}` }), data: { testid: 'group-tasks' } }, h('b', null, count(group.count)), h('span', null, group.count === 1 ? 'task' : 'tasks')),
        h('div', null, sparkline(group.trend, trendWords(group.trend)),
          h('p', { class: 'spark-foot', 'aria-hidden': 'true' }, h('span', null, '24 h ago'), h('span', null, 'now'))),
        h('dl', { class: 'smalls' },
          h('div', null, h('dt', null, 'First seen'), h('dd', null, time(group.first_seen, ago(group.first_seen, now)))),
          h('div', null, h('dt', null, 'Last seen'), h('dd', null, time(group.last_seen, ago(group.last_seen, now))))))),
    h('div', { class: 'actions' },
      retryControls(group, state.ui.retries?.[fingerprint], now, actions),
      h('a', { class: 'button', href: pageUrl('failures', { ...keep, cause: open ? '' : fingerprint }), 'aria-expanded': String(open), data: { testid: 'group-open' } }, open ? 'Hide the sample' : 'Show a sample')),
    open && sample(group, actions));
}

function retryControls(group, told, now, actions) {
  const { retryable } = group;
  const rest = Boolean(told?.trial);
  const said = told && h('span', { class: 'note good', key: 'told', role: 'status', data: { testid: 'retried' } },
    `${plural(told.retried, 'task')} sent again ${ago(told.at, now)}. `, retryable > 0 ? 'If they do well, retry the rest.' : '',
    ' ', h('a', { href: tasksUrl({ q: `type:${group.task_types[0]} age:<1h` }) }, 'See how they do'));
  if (!retryable) return [said, h('span', { class: 'soft', key: 'none' }, 'Every task of this cause has been retried.')];
  return [
    retryable > 3 && button('Retry 3 as a trial', () => actions.retryTrial(group), { key: 'trial', class: rest ? '' : 'primary', data: { testid: 'retry-trial' } }, 'retry'),
    button(retryable === 1 ? 'Retry it' : rest ? `Retry the rest (${count(retryable)})` : `Retry all ${count(retryable)}`, () => actions.askRetryAll(group, rest),
      { key: 'all', class: rest ? 'primary' : '', data: { testid: 'retry-all' } }, 'retry'),
    said,
  ];
}

function sample({ sample_task_id: id, sample_error: error, sample_traceback: traceback }, actions) {
  return h('section', { class: 'block trouble', key: 'sample', data: { testid: 'group-sample' } },
    h('div', { class: 'block-head' }, h('h3', null, 'The latest: ', h('a', { href: taskUrl(id) }, `task ${shortId(id)}`)), copyButton(actions, `${error}\n\n${traceback ?? ''}`, 'error')),
    h('p', { class: 'error-text', dir: 'auto' }, visible(error ?? '')),
    traceback && h('pre', { tabindex: 0, dir: 'ltr', 'aria-label': 'Traceback' }, visible(traceback)));
}

function trendWords(trend) {
  const last = trend.at(-1) ?? 0;
  return `${count(trend.reduce((sum, n) => sum + n, 0))} in 24 hours, ${count(last)} in the last one`;
}
