/* The webhooks: a table of them, the page of one, or the form that makes or changes one. Which, is in the address. */

import { hasKey } from '../api/session.js';
import { h } from '../lib/dom.js';
import { ago, count } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { base } from '../lib/root.js';
import { pageUrl } from '../lib/router.js';
import { serverNow } from '../state/page_state.js';
import { lastSent, ordered, webhookState } from '../state/webhooks.js';
import { factPage } from '../components/fact_page.js';
import { icon } from '../components/icons.js';
import { copyButton, emptyState, time } from '../components/parts.js';
import { asCurl } from '../tasks/snippets.js';
import { newWebhook } from './form.js';
import { controls, nameOf, sends, stateChip } from './pieces.js';
import { webhookPage } from './webhook_page.js';
import * as texts from '../texts/webhooks.js';

const EXAMPLE = { url: 'https://example.com/hooks', states: ['FAILURE'], task_types: ['process_payment'] };

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function webhooksPage(state, actions) {
  const { item, params } = state.route;
  if (item) return webhookPage(item, state, actions);
  if (params.new) {
    return h('div', { class: 'page', key: 'new', data: { page: 'webhook-form' } },
      h('div', { class: 'page-head' }, h('h1', { class: 'page-title' }, texts.NEW), h('p', { class: 'soft' }, texts.NEW_ABOUT),
        h('div', { class: 'page-aside' }, h('a', { href: pageUrl('webhooks') }, texts.ALL))),
      newWebhook(actions));
  }
  return factPage(state, 'webhooks', 'Webhooks', texts.ABOUT, (webhooks) => {
    const own = webhooks.filter(({ url }) => url !== null);
    return [!own.length && nothingYet(actions), own.length > 0 && summary(own), table(ordered(webhooks), state, actions)];
  }, { aside: state.facts.webhooks?.value?.length > 1 && newLink() });
}

function newLink() {
  return h('a', { class: 'button primary', href: pageUrl('webhooks', { new: 'yes' }), data: { testid: 'new-webhook' } }, icon('hook'),
    h('span', null, texts.NEW));
}

function summary(webhooks) {
  const number = (state) => webhooks.filter((each) => webhookState(each) === state).length;
  return h('p', { class: 'strip', key: 'strip', data: { testid: 'webhooks-summary' } },
    h('span', { key: 'all' }, h('b', null, count(webhooks.length)), webhooks.length === 1 ? ' webhook' : ' webhooks'),
    number('failing') > 0 && h('span', { key: 'bad', class: 'bad-text' }, `${count(number('failing'))} ${texts.STATES.failing}`),
    number('disabled') > 0 && h('span', { key: 'off' }, h('b', null, count(number('disabled'))), ` ${texts.STATES.disabled}`));
}

function table(webhooks, state, actions) {
  return h('div', { class: 'card scroll', key: 'table' }, h('table', { class: 'plain stackable webhooks' },
    h('thead', null, h('tr', null,
      texts.COLUMNS.map((name) => h('th', { scope: 'col' }, name || h('span', { class: 'off-screen' }, 'Actions'))))),
    h('tbody', null, webhooks.map((webhook) => row(webhook, serverNow(state), actions)))));
}

/** @param {import('../state/webhooks.js').Webhook} webhook @param {number} now @param {import('../state/actions.js').Actions} actions */
function row(webhook, now, actions) {
  const { id, url, description, disabled_reason: why, last_error: error, recent } = webhook;
  const at = lastSent(webhook);
  const cell = (column, ...children) => h('td', { key: column, data: { label: texts.COLUMNS[column] } }, ...children);
  return h('tr', { key: id, data: { testid: `webhook-${id}`, state: webhookState(webhook) } },
    h('th', { scope: 'row', key: 'name' },
      h('a', { class: 'webhook-name', href: pageUrl('webhooks', {}, id) }, visible(nameOf(webhook))),
      url !== null && description && h('span', { class: 'under' }, visible(url)),
      url === null && h('span', { class: 'under' }, texts.TASKS_WHAT)),
    cell(1, sends(webhook)),
    cell(2, stateChip(webhook), (why ?? error) && h('span', { class: 'under webhook-why' }, visible(why ?? error ?? ''))),
    cell(3, at ? time(at, ago(at, now)) : h('span', { class: 'faint' }, texts.NEVER)),
    cell(4, recent.deliveries ? h('span', { title: texts.ARRIVED_MEANS, class: recent.delivered ? '' : 'bad-text' },
      texts.arrived(recent.delivered, recent.deliveries)) : h('span', { class: 'faint' }, '–')),
    h('td', { class: 'c-do', key: 'do' }, h('div', { class: 'actions' }, controls(webhook, actions))));
}

function nothingYet(actions) {
  const command = asCurl(JSON.stringify(EXAMPLE), base(), hasKey(), '/api/webhooks');
  return h('div', { class: 'first-schedule', key: 'none', data: { testid: 'no-webhooks' } },
    emptyState(texts.NONE, texts.NONE_WHAT, texts.NONE_HOW),
    h('div', { class: 'actions', key: 'do' }, newLink()),
    h('section', { class: 'block', key: 'example' },
      h('div', { class: 'block-head' }, h('h2', null, texts.FROM_PROGRAM), copyButton(actions, command, 'example')),
      h('pre', { tabindex: 0, 'aria-label': 'An example' }, command)));
}
