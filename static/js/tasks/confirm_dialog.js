/* What is asked before something is done to many tasks; above a hundred, the reader types it. */

import { h } from '../lib/dom.js';
import { plural } from '../lib/format.js';
import { ACTIONS } from './bulk_actions.js';
import { button, shut } from '../components/parts.js';
import { needsProof } from '../components/proof.js';
import { auditFields } from '../components/question_dialog.js';

const DANGEROUS = ['cancel', 'delete'];

/**
 * @param {import('../state/records.js').Wish} wish
 * @param {import('../state/actions.js').Actions} actions
 * @param {Function} shell makes a dialog
 */
export function confirmDialog(wish, actions, shell) {
  const { action: word, search, count } = wish;
  const { verb, does } = ACTIONS[word];
  const trail = auditFields('question');
  const typed = needsProof(count);
  const proofs = count === null ? [word] : [String(count), word];
  const go = /** @type {HTMLButtonElement} */ (h('button', {
    type: 'submit', class: `button ${DANGEROUS.includes(word) ? 'danger' : 'primary'}`, disabled: typed, data: { testid: 'confirm' },
  }, count === null ? `${verb} all` : `${verb} ${plural(count, 'task')}`));
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
  return shell('confirm', question(wish), { dispatch: () => actions.wish(null) },
    h('p', null, does),
    search && h('p', null, search.q ? ['Search: ', h('code', null, search.q)] : 'There is no search: it is every task that is kept.'),
    count === null && h('p', { class: 'soft' },
      'How many there are is not known; it goes on until the search has no more. What is submitted from now on is left alone.'),
    h('form', { on: { submit } },
      typed && h('div', { class: 'field' }, h('label', { for: 'confirm-word' }, `To confirm, type ${proofs.join(' or ')}`), input),
      trail.places,
      h('div', { class: 'actions' }, go, button('Not now', shut))));
}

function question({ action, count }) {
  const what = count === null ? 'all tasks that match' : plural(count, 'task');
  return action === 'requeue' ? `Run ${what} now?` : `${ACTIONS[action].verb} ${what}?`;
}
