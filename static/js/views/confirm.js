/* What is asked before something is done to many tasks; above a hundred, the reader types it. */

import { h } from '../dom.js';
import { plural } from '../format.js';
import { ACTIONS, MANY } from '../operations.js';
import { button } from './parts.js';

const WORDS = { ...ACTIONS, purge: { verb: 'Purge', does: 'What waits there is cancelled; what runs goes on. It can be undone for 10 minutes.' } };
const DANGEROUS = ['cancel', 'delete', 'purge'];

/**
 * @param {import('../store.js').Wish} wish
 * @param {any} actions
 * @param {Function} shell makes a dialog
 */
export function confirmDialog(wish, actions, shell) {
  const { action: word, search, queue, count } = wish;
  const { verb, does } = WORDS[word];
  const typed = count === null || count > MANY;
  const go = /** @type {HTMLButtonElement} */ (h('button', {
    type: 'submit', class: `button ${DANGEROUS.includes(word) ? 'danger' : 'primary'}`, disabled: typed, data: { testid: 'confirm' },
  }, count === null ? `${verb} all` : `${verb} ${plural(count, 'task')}`));
  const input = typed && h('input', {
    id: 'confirm-word', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', data: { testid: 'confirm-word' },
    on: { input: (event) => { go.disabled = event.target.value.trim().toLowerCase() !== word; } },
  });
  const submit = (event) => {
    event.preventDefault();
    if (go.disabled) return;
    event.target.closest('dialog').close();
    if (queue) actions.operate(queue, 'purge');
    else actions.act(wish);
  };
  return shell('confirm', question(wish), { dispatch: () => actions.wish(null) },
    h('p', null, does),
    search && h('p', null, search.q ? ['Search: ', h('code', null, search.q)] : 'There is no search: it is every task that is kept.'),
    count === null && h('p', { class: 'soft' }, 'How many there are is not known; it goes on until the search has no more.'),
    h('form', { on: { submit } },
      typed && h('div', { class: 'field' }, h('label', { for: 'confirm-word' }, 'Type ', h('b', null, word), ' to go on'), input),
      h('div', { class: 'actions' }, go, button('Not now', (event) => event.currentTarget.closest('dialog').close()))));
}

function question({ action, count, queue }) {
  const what = queue ? `the ${queue} queue` : count === null ? 'all tasks that match' : plural(count, 'task');
  const aside = queue ? ` ${plural(count, 'task waits', 'tasks wait')} there.` : '';
  return `${action === 'requeue' ? `Run ${what} now?` : `${WORDS[action].verb} ${what}?`}${aside}`;
}
