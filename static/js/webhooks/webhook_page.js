/* The page of one webhook: its state, its secret when it is new, its deliveries; or the form that changes it. */

import { h } from '../lib/dom.js';
import { ago, coarse } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { pageUrl } from '../lib/router.js';
import { serverNow } from '../state/page_state.js';
import { button, copyButton, emptyState, facts, loadFailure, time } from '../components/parts.js';
import { deliveries } from './deliveries.js';
import { editWebhook } from './form.js';
import { controls, nameOf, sends, stateChip } from './pieces.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/webhooks.js';

/**
 * @param {string} id
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function webhookPage(id, state, actions) {
  const known = state.facts.webhook;
  const { value, problem } = known?.key === id ? known : { value: undefined, problem: null };
  const gone = problem?.code === 'webhook_not_found';
  const isForm = Boolean(state.route.params.edit);
  const title = value ? visible(nameOf(value)) : texts.COLUMNS[0];
  return h('div', { class: 'page webhook-page', key: `webhook ${id} ${isForm}`, data: { page: isForm ? 'webhook-form' : 'webhook' } },
    h('div', { class: 'page-head' }, h('h1', { class: 'page-title' }, isForm ? texts.editTitle(title) : title),
      value && !gone && !isForm && stateChip(value),
      h('div', { class: 'page-aside' }, h('a', { href: pageUrl('webhooks') }, texts.ALL))),
    gone ? h('div', { key: 'gone' }, emptyState(texts.notFound(visible(id)), texts.NOT_FOUND_WHY))
      : [problem && value && h('p', { class: 'note', key: 'old' }, common.outOfDate(problem.text)),
        value ? (isForm ? editWebhook(value, actions) : whole(value, state, actions)) : waiting(problem ?? state.problem)]);
}

function waiting(problem) {
  return problem ? h('div', { key: 'broken' }, loadFailure(problem))
    : h('p', { class: 'booting', key: 'loading' }, common.LOADING);
}

/** @param {import('../state/webhooks.js').Webhook} webhook */
function whole(webhook, state, actions) {
  const now = serverNow(state);
  const { url, disabled_reason: why, last_error: error, recent, last_success_at: good, last_failure_at: bad } = webhook;
  const at = (when) => (when ? time(when, ago(when, now)) : texts.NEVER);
  return [
    newSecret(webhook, state.ui.secret, actions),
    why && h('p', { class: 'note', key: 'why', data: { testid: 'why-disabled' } }, h('b', null, texts.WHY_DISABLED), visible(why)),
    error && h('p', { class: 'note', key: 'error', data: { testid: 'last-error' } }, h('b', null, texts.LAST_ERROR), visible(error),
      webhook.failing_since && ` (${texts.failingSince(coarse((now - Date.parse(webhook.failing_since)) / 1000))})`),
    h('div', { class: 'card webhook-facts', key: 'facts' },
      facts(/** @type {[string, import('../lib/dom.js').Children][]} */ ([
        [texts.FACTS.url, url === null ? texts.TASKS_WHAT : h('code', null, visible(url))],
        ...(url === null ? [] : [[texts.FACTS.sends, sends(webhook)]]),
        [texts.FACTS.recent, recent.deliveries ? h('span', { title: texts.ARRIVED_MEANS }, texts.arrived(recent.delivered,
          recent.deliveries)) : '–'],
        [texts.FACTS.success, at(good)], [texts.FACTS.failure, at(bad)],
        [texts.FACTS.secret, webhook.has_secret ? texts.HAS_SECRET : texts.NO_SECRET],
        ...(webhook.created_at ? [[texts.FACTS.created, at(webhook.created_at)]] : []),
      ])),
      h('div', { class: 'actions' }, controls(webhook, actions),
        url !== null && button(texts.NEW_SECRET, () => actions.askNewSecret(webhook), { key: 'secret', data: { testid: 'new-secret' } },
          'key'))),
    deliveries(webhook, state, actions),
  ];
}

/** The secret, right after it was made: no later answer has it. */
function newSecret({ id }, secret, actions) {
  if (secret?.id !== id) return null;
  return h('section', { class: 'block secret', key: 'secret', role: 'group', 'aria-label': texts.SECRET, data: { testid: 'secret' } },
    h('div', { class: 'block-head' }, h('h3', null, texts.SECRET), copyButton(actions, secret.text, 'secret')),
    h('code', { tabindex: 0, wake: (code) => { code.textContent = secret.text; code.focus(); } }),
    h('p', { class: 'hint' }, texts.SECRET_ONCE),
    h('div', { class: 'actions' }, button(texts.SECRET_DONE, () => actions.forgetSecret(), { data: { testid: 'secret-done' } }, 'check')));
}
