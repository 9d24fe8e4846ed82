/* The dialogs: keyboard help, the question for an API key, the command palette, and what is asked
   before many tasks are touched. */

import { h } from '../lib/dom.js';
import { confirmDialog } from '../tasks/confirm_dialog.js';
import { palette } from './palette.js';
import { button, shut } from '../components/parts.js';
import { questionDialog } from '../components/question_dialog.js';
import * as texts from '../texts/shell.js';

const open = (dialog) => dialog.showModal();

/**
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 * @param {[string, string][]} shortcuts keys and what they do
 */
export function dialogs(state, actions, shortcuts) {
  const { dialog, question } = state;
  if (question) return questionDialog(question, actions);
  if (dialog === 'confirm' && state.wish) return confirmDialog(state.wish, actions, shell);
  if (dialog === 'palette') return palette(state, actions);
  if (dialog === 'help') return helpDialog(actions, shortcuts);
  return dialog === 'key' ? keyDialog(actions) : null;
}

function helpDialog(actions, shortcuts) {
  return shell('help', 'Keyboard', actions,
    h('dl', { class: 'shortcuts' }, shortcuts.map(([keys, what]) =>
      h('div', null, h('dt', null, keys.split(' ').map((key) => h('kbd', null, key))), h('dd', null, what)))),
    h('div', { class: 'actions' }, button('Close', shut, { class: 'primary' })));
}

function keyDialog(actions) {
  const error = h('p', { class: 'field-error', id: 'key-error', role: 'alert', hidden: true });
  const input = /** @type {HTMLInputElement} */ (h('input', {
    id: 'api-key', type: 'password', autocomplete: 'current-password', 'aria-describedby': 'key-error', data: { testid: 'api-key' },
  }));
  const submit = async (event) => {
    event.preventDefault();
    error.textContent = await actions.signIn(input.value.trim());
    error.hidden = !error.textContent;
  };
  return shell('key', 'API key', actions,
    h('p', null, texts.KEY_NEEDED),
    h('form', { on: { submit } },
      h('div', { class: 'field' }, h('label', { for: 'api-key' }, 'Key'), input, error,
        h('p', { class: 'hint' }, texts.KEY_KEPT)),
      h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'button primary', data: { testid: 'use-key' } }, texts.SIGN_IN),
        button(texts.NOT_NOW, shut))));
}

/** Opened as a modal when it enters the page; from then on patching leaves it alone. */
function shell(name, title, actions, ...body) {
  return h('dialog', {
    key: name, class: 'dialog', wake: open, 'aria-labelledby': `dialog-${name}`, data: { testid: `dialog-${name}` },
    on: { close: () => actions.dispatch({ type: 'dialog', dialog: null, only: name }) },
  }, h('h2', { id: `dialog-${name}` }, title), body);
}
