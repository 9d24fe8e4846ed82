/* The API keys: a table of them, and the form that makes one. Which, is in the address. */

import { h } from '../lib/dom.js';
import { ago, date } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { pageUrl } from '../lib/router.js';
import { hasExpired, reachOf } from '../state/keys.js';
import { serverNow } from '../state/page_state.js';
import { factPage } from '../components/fact_page.js';
import { icon } from '../components/icons.js';
import { button, copyButton, time } from '../components/parts.js';
import { newKeyForm } from './form.js';
import * as texts from '../texts/keys.js';

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function keysPage(state, actions) {
  if (state.route.params.new) {
    return h('div', { class: 'page', key: 'new', data: { page: 'key-form' } },
      h('div', { class: 'page-head' }, h('h1', { class: 'page-title' }, texts.NEW)), newKeyForm(actions));
  }
  const isOpen = state.facts.session?.value?.needs_key === false;
  return factPage(state, 'keys', 'Keys', texts.ABOUT, (keys) => [
    isOpen && h('p', { class: 'note', key: 'open', data: { testid: 'no-key-needed' } }, texts.OPEN),
    newKey(state.ui.newKey, actions),
    keys.length > 0 && table(keys, state, actions),
  ], { aside: h('a', { class: 'button primary', href: pageUrl('keys', { new: 'yes' }), data: { testid: 'new-key' } }, icon('key'),
    h('span', null, texts.NEW)) });
}

/** What to send, right after it was made: no later answer has it. */
function newKey(key, actions) {
  if (!key) return null;
  return h('section', { class: 'block secret', key: 'secret', role: 'group', 'aria-label': texts.SECRET, data: { testid: 'new-key-text' } },
    h('div', { class: 'block-head' }, h('h3', null, texts.SECRET), copyButton(actions, key, 'key')),
    h('code', { tabindex: 0, wake: (code) => { code.textContent = key; code.focus(); } }),
    h('p', { class: 'hint' }, texts.SECRET_ONCE),
    h('div', { class: 'actions' }, button(texts.SECRET_DONE, () => actions.forgetKey(), { data: { testid: 'key-done' } }, 'check')));
}

function table(keys, state, actions) {
  return h('div', { class: 'card scroll', key: 'table' }, h('table', { class: 'plain stackable webhooks keys' },
    h('thead', null, h('tr', null,
      texts.COLUMNS.map((name) => h('th', { scope: 'col' }, name || h('span', { class: 'off-screen' }, 'Actions'))))),
    h('tbody', null, keys.map((key) => row(key, serverNow(state), actions)))));
}

/** @param {import('../state/keys.js').Key} key @param {number} now @param {import('../state/actions.js').Actions} actions */
function row(key, now, actions) {
  const { id, name, role, rate, created_at: made, created_by: by, expires_at: ends, last_used_at: used } = key;
  const cell = (column, ...children) => h('td', { key: column, data: { label: texts.COLUMNS[column] } }, ...children);
  const under = (text) => text && h('span', { class: 'under' }, text);
  const reach = reachOf(key);
  return h('tr', { key: id, data: { testid: `key-${id}`, role } },
    h('th', { scope: 'row', key: 'name' }, h('span', { class: 'webhook-name' }, visible(name)), under(id)),
    cell(1, role, under(texts.ROLES[role])),
    cell(2, reach.length ? visible(reach.join(', ')) : texts.EVERYTHING, under(rate !== null && texts.rate(rate))),
    cell(3, used ? time(used, ago(used, now)) : h('span', { class: 'faint' }, texts.NEVER)),
    cell(4, made ? time(made, ago(made, now)) : texts.FROM_SETTING, under(by && visible(texts.by(by)))),
    cell(5, hasExpired(key, now) ? h('span', { class: 'bad-text' }, texts.EXPIRED) : ends ? time(ends, date(ends))
      : h('span', { class: 'faint' }, texts.NEVER)),
    h('td', { class: 'c-do', key: 'do' }, !key.is_fixed && h('div', { class: 'actions' },
      button(texts.REVOKE, () => actions.askRevokeKey(key), { class: 'quiet', data: { testid: `revoke-${id}` } }, 'trash'))));
}
