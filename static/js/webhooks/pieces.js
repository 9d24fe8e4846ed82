/* What the list of webhooks and the page of one share: the name, the state, what is sent, the buttons. */

import { h } from '../lib/dom.js';
import { visible } from '../lib/json_text.js';
import { pageUrl } from '../lib/router.js';
import { look } from '../state/task_state.js';
import { webhookState } from '../state/webhooks.js';
import { icon } from '../components/icons.js';
import { button } from '../components/parts.js';
import * as texts from '../texts/webhooks.js';

/** @typedef {import('../state/webhooks.js').Webhook} Webhook */

const TONES = { active: 'good', failing: 'bad', disabled: 'warn' };

/** What a reader calls it: its description, or the host it posts to. @param {Webhook} webhook */
export function nameOf({ url, description }) {
  return url === null ? texts.TASKS_NAME : description || url.replace(/^https?:\/\//, '');
}

/** @param {Webhook} webhook */
export function stateChip(webhook) {
  const state = webhookState(webhook);
  return h('span', { class: `chip ${TONES[state]}`, title: texts.STATE_MEANS[state], data: { testid: 'webhook-state' } },
    state === 'failing' && icon('warning'), texts.STATES[state]);
}

/** @param {Webhook} webhook */
export function sends({ url, states, task_types: types, tags, conditions }) {
  if (url === null) return '–';
  if (conditions.length) {
    return [h('span', { key: 'number' }, texts.ofConditions(conditions.length)),
      h('span', { class: 'under', key: 'conditions' }, conditions.join(', '))];
  }
  if (!states.length && !types.length && !tags.length) return texts.EVERYTHING;
  return [
    h('span', { key: 'states' }, states.length ? texts.ends(states.map((state) => look(state).label)) : texts.ALL_ENDS),
    types.length > 0 && h('span', { class: 'under', key: 'types' }, texts.ofTypes(types.map(visible))),
    tags.length > 0 && h('span', { class: 'under', key: 'tags' }, tags.map((tag) => [h('span', { class: 'tag' }, visible(tag)), ' '])),
  ];
}

/**
 * @param {Webhook} webhook
 * @param {import('../state/actions.js').Actions} actions
 */
export function controls(webhook, actions) {
  const name = nameOf(webhook);
  const act = (label, run, mark, extra = '') => button(label, run, {
    class: extra, key: label, 'aria-label': `${label}: ${name}`, title: label === texts.TEST ? texts.TEST_MEANS : label,
    data: { testid: label.toLowerCase().replace(' ', '-') },
  }, mark);
  const edit = h('a', { class: 'button less', key: 'edit', href: pageUrl('webhooks', { edit: 'yes' }, webhook.id),
    'aria-label': `${texts.EDIT}: ${name}`, title: texts.EDIT, data: { testid: 'edit' } }, icon('edit'), h('span', null, texts.EDIT));
  if (webhook.url === null) return [act(texts.NEW_SECRET, () => actions.askNewSecret(webhook), 'key')];
  return [
    !webhook.enabled && act(texts.ENABLE, () => actions.enableWebhook(webhook), 'play', 'primary'),
    act(texts.TEST, () => actions.testWebhook(webhook), 'send'),
    webhook.enabled && act(texts.DISABLE, () => actions.askDisableWebhook(webhook), 'pause', 'less'),
    edit,
    act(texts.DELETE, () => actions.askDeleteWebhook(webhook), 'trash', 'less'),
  ];
}
