/* The deliveries of a webhook, the newest first, each with its attempts and a way to send it again. */

import { h } from '../lib/dom.js';
import { ago, clock, count, duration, until } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { pageUrl, taskUrl } from '../lib/router.js';
import { serverNow } from '../state/page_state.js';
import { FLOW_TYPE, SAMPLES } from '../state/webhooks.js';
import { button, emptyState, loadFailure, sectionHead, time } from '../components/parts.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/webhooks.js';

const TONES = { pending: '', delivered: 'good', failed: 'bad' };
export const FEW = 50;
export const MANY = 200;

/**
 * @param {import('../state/webhooks.js').Webhook} webhook
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function deliveries(webhook, state, actions) {
  const { key, value, problem } = state.facts.deliveries ?? {};
  if (!value || key !== `${webhook.id} ${state.ui.moreDeliveries ? MANY : FEW}`) {
    return problem ? h('div', { key: 'broken' }, loadFailure(problem, 'the deliveries'))
      : h('p', { class: 'booting', key: 'loading' }, common.LOADING);
  }
  if (!value.deliveries.length) {
    const why = webhook.url === null ? texts.NO_DELIVERIES_TASKS : webhook.enabled ? texts.NO_DELIVERIES_WHY : texts.NO_DELIVERIES_OFF;
    return h('div', { key: 'none', data: { testid: 'no-deliveries' } }, emptyState(texts.NO_DELIVERIES, why));
  }
  const now = serverNow(state);
  return h('section', { key: 'deliveries' }, sectionHead(texts.DELIVERIES),
    h('div', { class: 'card scroll' }, h('table', { class: 'plain stackable deliveries' },
      h('thead', null, h('tr', null,
        texts.DELIVERY_COLUMNS.map((name) => h('th', { scope: 'col' }, name || h('span', { class: 'off-screen' }, 'Actions'))))),
      h('tbody', null, value.deliveries.map((each) => row(each, webhook, now, actions))))),
    value.next_cursor && !state.ui.moreDeliveries && h('p', { class: 'more' },
      button(texts.showMore(MANY), () => actions.dispatch({ type: 'ui', set: { moreDeliveries: true } }))));
}

/** @param {import('../state/webhooks.js').Delivery} delivery */
function row(delivery, webhook, now, actions) {
  const { id, event, status, attempts, next_attempt_at: next } = delivery;
  const cell = (column, ...children) => h('td', { key: column, data: { label: texts.DELIVERY_COLUMNS[column] } }, ...children);
  return h('tr', { key: id, data: { testid: 'delivery', status, event } },
    cell(0, time(delivery.created_at, ago(delivery.created_at, now))),
    cell(1, h('code', { title: `webhook-id ${id}` }, visible(event))),
    cell(2, subject(delivery), webhook.url === null && h('span', { class: 'under', key: 'url' }, visible(delivery.url))),
    cell(3, h('span', { class: `chip ${TONES[status]}`, data: { testid: 'delivery-state' } }, texts.DELIVERY_STATES[status]),
      next && h('span', { class: 'under' }, texts.nextAttempt(until(next, now)))),
    cell(4, attempts.length ? tries(attempts) : h('span', { class: 'faint' }, texts.attempts(0))),
    h('td', { class: 'c-do', key: 'do' }, h('div', { class: 'actions' },
      button(texts.REPLAY, () => actions.replayDelivery(webhook.id, id), {
        title: texts.REPLAY_MEANS, 'aria-label': `${texts.REPLAY}: ${event} ${id}`, disabled: !webhook.enabled,
        data: { testid: 'replay' },
      }, 'retry'))));
}

/** What it is about: a task, a condition or nothing. @param {import('../state/webhooks.js').Delivery} delivery */
function subject({ event, condition, queue, task_id: task, task_type: type }) {
  if (condition) {
    return [h('span', { key: 'condition' }, texts.CONDITIONS[condition] ?? visible(condition)),
      queue && h('span', { class: 'under', key: 'queue' }, texts.inQueue(queue))];
  }
  if (SAMPLES.includes(event) || !task) return h('span', { class: 'faint', key: 'sample' }, texts.SAMPLE);
  return type === FLOW_TYPE ? h('a', { key: 'flow', href: pageUrl('flows', {}, task) }, texts.FLOW)
    : h('a', { key: 'task', href: taskUrl(task) }, visible(type ?? ''));
}

/** @param {import('../state/webhooks.js').DeliveryAttempt[]} attempts */
function tries(attempts) {
  const last = attempts[attempts.length - 1];
  return h('details', { class: 'tries' },
    h('summary', null, h('b', null, last.status ?? texts.NO_ANSWER), ` in ${duration(last.duration_ms / 1000)}`,
      attempts.length > 1 && h('span', { class: 'faint' }, ` · ${texts.attempts(attempts.length)}`)),
    h('ol', { data: { testid: 'attempts' } }, [...attempts].reverse().map(({ at, status, duration_ms: ms, answer, error }) =>
      h('li', { key: at }, time(at, clock(at)), h('b', null, status ?? texts.NO_ANSWER), h('span', null, `${count(Math.round(ms))} ms`),
        h('span', { class: error ? 'bad-text' : 'soft', dir: 'auto' }, visible(error ?? answer ?? ''))))));
}
