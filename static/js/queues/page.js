/* The queues with all their counts, and the buttons that steer them. */

import { h } from '../lib/dom.js';
import { ago, coarse, count } from '../lib/format.js';
import { historyOf, totalsOf } from '../state/history.js';
import { SPANS, spanOf } from '../state/page_filters.js';
import { pageUrl, tasksUrl } from '../lib/router.js';
import { serverNow } from '../state/page_state.js';
import { maySteer } from '../state/reach.js';
import { everEnded, listed, look, TASK_STATES } from '../state/task_state.js';
import { auditWords, undoControl } from '../operations/audit_page.js';
import { icon } from '../components/icons.js';
import { button, loadFailure, time } from '../components/parts.js';
import { alarm, failures, percentiles, throughput } from './queue_card.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/queues.js';
import { keptOf } from '../texts/tasks.js';

const MODES = { open: ['good', 'check'], paused: ['warn', 'pause'], draining: ['warn', 'drain'], orphan: ['bad', 'warning'] };

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function queuesPage(state, actions) {
  const { stats, problem } = state;
  return h('div', { class: 'page', key: 'queues' },
    h('div', { class: 'page-head' }, h('h1', { class: 'page-title' }, 'Queues'), h('p', { class: 'soft' }, texts.ABOUT)),
    stats ? h('div', { class: 'queue-list', key: 'list' }, stats.queues.map((queue) => queueBlock(queue, state, actions)))
      : problem ? loadFailure(problem, 'the queues') : h('p', { class: 'booting' }, common.LOADING));
}

function queueBlock(queue, state, actions) {
  const name = queue.queue;
  const span = spanOf(state.route.params);
  const totals = totalsOf(historyOf(state, span), name);
  const mode = modeOf(queue);
  const [[tone, shape], [word, means]] = [MODES[mode], texts.MODES[mode]];
  return h('article', { class: 'card queue-block', key: name, data: { testid: `queue-${name}`, orphan: String(queue.consumers === 0) },
    'aria-label': `Queue ${name}` },
    h('header', null,
      h('h2', null, name), h('span', { class: `chip ${tone}`, data: { testid: 'mode' } }, icon(shape), word),
      means && h('span', { class: 'soft means' }, means),
      h('div', { class: 'actions push' }, maySteer(state, name) && controls(queue, actions))),
    queue.consumers === 0 && alarm(queue),
    h('dl', { class: 'counts' }, Object.keys(TASK_STATES).map((state) => stateCount(queue, state))),
    h('div', { class: 'queue-more' },
      h('dl', { class: 'facts' }, [
        ['Consumers', queue.consumers === 0 ? h('span', { class: 'chip bad' }, 'none') : count(queue.consumers)],
        ['Workers', count(queue.workers)],
        ['Oldest waiting', coarse(queue.oldest_waiting_s)], ['Throughput', throughput(queue)], ['Failures', failures(queue)],
        ['Quarantined', queue.set_aside
          ? h('a', { href: tasksUrl({ queue: name, state: 'FAILURE' }), title: texts.QUARANTINE_MEANS }, count(queue.set_aside)) : '0'],
      ].map(([label, value]) => h('div', { key: label, data: { label } }, h('dt', null, label), h('dd', null, value)))),
      percentiles(totals, SPANS[span])),
    lastAction(name, state, actions));
}

/** How many tasks of a state the list behind the link shows. */
function stateCount(queue, state) {
  const { label, means, terminal } = look(state);
  const number = listed(queue, state);
  const title = terminal ? keptOf(means, number, everEnded(queue, state)) : means;
  return h('div', { key: state, data: { label }, title }, h('dt', null, label), h('dd', null, number
    ? h('a', { href: tasksUrl({ queue: queue.queue, state }) }, count(number)) : h('span', { class: 'faint' }, '0')));
}

function modeOf({ paused, draining, consumers }) {
  if (consumers === 0) return 'orphan';
  return paused ? 'paused' : draining ? 'draining' : 'open';
}

function controls(queue, actions) {
  const name = queue.queue;
  const act = (label, run, mark, props = {}) => button(label, run,
    { ...props, data: { testid: `${label.toLowerCase()}-${name}`, needs: 'operator' }, 'aria-label': `${label} ${name}`, key: label },
      mark);
  return [
    queue.paused || queue.draining
      ? act('Resume', () => actions.resume(name), 'play', { class: 'primary' })
      : [act('Pause', () => actions.askPause(name), 'pause'), act('Drain', () => actions.askDrain(queue), 'drain')],
    act('Purge', () => actions.askPurge(queue), 'trash', {
      disabled: queue.queued === 0, title: queue.queued ? texts.cancelWaiting(queue.queued) : texts.NOTHING_WAITS,
    }),
  ];
}

/** The last operation on the queue: the first thing to check when it starts no tasks. */
function lastAction(name, state, actions) {
  const now = serverNow(state);
  const last = (state.facts.recentAudit?.value ?? []).find((entry) => entry.queue === name
    && ['pause', 'resume', 'drain', 'purge'].includes(entry.action));
  return last && h('p', { class: 'last-action', key: 'last', data: { testid: 'last-action' } },
    h('span', null, auditWords(last), ' by ', h('b', null, last.who)), time(last.at, ago(last.at, now)),
    last.why && h('q', { dir: 'auto' }, last.why),
    undoControl(last, now, actions), h('a', { href: pageUrl('audit') }, 'Audit'));
}
