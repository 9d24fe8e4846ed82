/* What is asked before something is done to many tasks; above a hundred, the reader types it. */

import { h } from '../lib/dom.js';
import { button, shut } from '../components/parts.js';
import { needsProof } from '../components/proof.js';
import { auditFields } from '../components/question_dialog.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/tasks.js';

const DANGEROUS = ['cancel', 'delete'];

/**
 * @param {import('../state/records.js').Wish} wish
 * @param {import('../state/actions.js').Actions} actions
 * @param {Function} shell makes a dialog
 */
export function confirmDialog(wish, actions, shell) {
  const { action: word, search, count } = wish;
  const { verb, does } = texts.ACTIONS[word];
  const trail = auditFields('question');
  const typed = needsProof(count);
  const proofs = count === null ? [word] : [String(count), word];
  const go = /** @type {HTMLButtonElement} */ (h('button', {
    type: 'submit', class: `button ${DANGEROUS.includes(word) ? 'danger' : 'primary'}`, disabled: typed, data: { testid: 'confirm' },
  }, texts.confirmVerb(verb, count)));
  const input = typed && h('input', {
    id: 'confirm-word', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', data: { testid: 'confirm-word' },
    on: { input: (event) => { go.disabled = !proofs.includes(event.target.value.trim().toLowerCase()); } },
  });
  const submit = (event) => {
    event.preventDefault();
    if (go.disabled) return;
    event.target.closest('dialog').close();
    actions.act({ ...wish, reason: trail.reason() });
  };
  return shell('confirm', texts.question(word, count), { dispatch: () => actions.wish(null) },
    h('p', null, does),
    search && h('p', null, search.q ? ['Search: ', h('code', null, search.q)] : texts.NO_FILTER),
    count === null && h('p', { class: 'soft' }, texts.EVERY_MATCH),
    h('form', { on: { submit } },
      typed && h('div', { class: 'field' }, h('label', { for: 'confirm-word' }, common.toConfirm(proofs)), input),
      trail.places,
      h('div', { class: 'actions' }, go, button(common.CANCEL, shut))));
}
