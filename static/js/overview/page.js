/* The first thing to see: one sentence, the queues, how it went, what ended how, what happens now. */

import { h } from '../lib/dom.js';
import { count, duration, percent } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { busiest, historyOf, totalsOf } from '../state/history.js';
import { queueOf, SPANS, spanOf } from '../state/page_filters.js';
import { queueNames } from '../state/queue_names.js';
import { pageUrl } from '../lib/router.js';
import { chooser, segments } from '../components/choices.js';
import { historyCharts } from '../components/history_charts.js';
import { liveness } from '../components/live_badge.js';
import { outcomes } from './outcomes.js';
import { loadFailure, sectionHead } from '../components/parts.js';
import { longName } from '../components/prose.js';
import { queueCard } from '../queues/queue_card.js';
import { quickSend } from '../tasks/quick_send.js';
import { latestTasks } from '../tasks/latest.js';
import { verdictHero } from './verdict_view.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/overview.js';

/** The letters of the names of as many queues as fit side by side. */
const BUTTON_LETTERS = 28;

/**
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function overview(state, actions) {
  const { stats, list } = state;
  const untouched = list.loaded && list.items.length === 0;
  const sends = document.body.dataset.app === 'dashboard';
  const span = spanOf(state.route.params);
  const history = historyOf(state, span);
  return h('div', { class: 'page', key: 'overview', data: { live: liveness(state).name } },
    verdictHero(state, actions),
    sends && untouched && quickSend(state, actions, true),
    stats && h('div', { class: 'cards', key: 'cards' },
      stats.queues.map((queue) => queueCard(queue, totalsOf(history, queue.queue), SPANS[span]))),
    sends && !untouched && quickSend(state, actions),
    stats && h('div', { class: 'split', key: 'split' },
      historyCard(state, span, actions),
      h('div', { class: 'column' },
        h('section', { class: 'card' }, sectionHead(texts.RESULTS, h('span', { class: 'soft' }, texts.SINCE_BEGINNING)), outcomes(stats)),
        history && typeCard(history.types, span))),
    latestTasks(state, actions));
}

function historyCard(state, span, actions) {
  const { route, facts, ui } = state;
  const queue = queueOf(route.params);
  const url = (change) => pageUrl('overview', { span: span === '15m' ? '' : span, queue, ...change });
  const { value, problem } = facts.history?.key === span ? facts.history : { value: undefined, problem: null };
  const trouble = problem ?? state.problem;
  const series = value && (queue ? value.queues.find((each) => each.queue === queue) : value.all);
  return h('section', { class: 'card', 'aria-label': 'History' },
    h('div', { class: 'section-head' }, h('h2', null, 'History'),
      segments('Time shown', span, Object.entries(SPANS), (each) => url({ span: each === '15m' ? '' : each })),
      queueChoice(queue, (each) => url({ queue: each }))),
    problem && value && h('p', { class: 'note', key: 'old' }, common.outOfDate(problem.text)),
    series ? historyCharts(series, value, ui, actions)
      : trouble ? loadFailure(trouble, 'the history')
        : h('p', { class: 'booting chart-place' }, common.loading('the history')));
}

/** A button for each queue, or a select where they would not fit into the head of the card. */
function queueChoice(queue, url) {
  const options = /** @type {[string, string][]} */ ([['', 'all queues'], ...queueNames().map((each) => [each, each])]);
  return queueNames().join('').length > BUTTON_LETTERS
    ? chooser('history-queue', 'Queue', queue, options, url) : segments('Queue shown', queue, options, url);
}

function typeCard(types, span) {
  const { shown, others } = busiest(types);
  return h('section', { class: 'card', key: 'types' }, sectionHead('Task types', h('span', { class: 'soft' }, `last ${SPANS[span]}`)),
    shown.length
      ? h('div', { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': 'Task types' }, h('table', { class: 'plain tight' },
        h('thead', null, h('tr', null,
          ['Type', 'Done', 'Failed', 'Run p50', 'p95'].map((name, i) => h('th', { scope: 'col', class: i ? 'num' : '' }, name)))),
        h('tbody', null, shown.map(({ task_type: type, totals: t }) => h('tr', { key: type, data: { testid: `type-${type}` } },
          h('th', { scope: 'row' }, longName(visible(type))),
          h('td', { class: 'num' }, count(t.succeeded + t.failed)),
          h('td', { class: t.failed ? 'num bad-text' : 'num' }, percent(t.failure_rate)),
          h('td', { class: 'num' }, duration(t.run_p50_s)), h('td', { class: 'num' }, duration(t.run_p95_s)))))))
      : h('p', { class: 'faint' }, texts.noneFinished(SPANS[span])),
    others > 0 && h('p', { class: 'hint' }, h('a', { href: pageUrl('types') }, texts.otherTypes(others))));
}
