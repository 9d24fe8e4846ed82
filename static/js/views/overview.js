/* The first thing to see: one sentence, three queues, what ended how, what happens now. */

import { h } from '../dom.js';
import { serverNow } from '../store.js';
import { activityChart } from './chart.js';
import { liveness } from './live_badge.js';
import { outcomes } from './outcomes.js';
import { sectionHead } from './parts.js';
import { queueCard } from './queue_card.js';
import { quickSend } from './quick_send.js';
import { latestTasks } from './tasks.js';
import { verdictHero } from './verdict_view.js';

/**
 * @param {import('../store.js').State} state
 * @param {any} actions
 */
export function overview(state, actions) {
  const { stats, list } = state;
  const untouched = list.loaded && list.items.length === 0;
  return h('div', { class: 'page', key: 'overview', data: { live: liveness(state).name } },
    verdictHero(state, actions),
    untouched && quickSend(state, actions, true),
    stats && h('div', { class: 'cards', key: 'cards' }, stats.queues.map(queueCard)),
    stats && h('div', { class: 'split', key: 'split' },
      h('section', { class: 'card' }, sectionHead('Activity', h('span', { class: 'soft' }, 'since this page opened')),
        activityChart(state.history, serverNow(state))),
      h('section', { class: 'card' }, sectionHead('Outcomes'), outcomes(stats))),
    !untouched && quickSend(state, actions),
    latestTasks(state, actions));
}
