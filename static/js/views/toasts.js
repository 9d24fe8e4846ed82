/* Short notes at the corner of the page, read out by screen readers. */

import { h } from '../dom.js';
import { taskUrl } from '../router.js';
import { icon } from './icons.js';

/** @param {import('../store.js').State} state @param {any} actions */
export function toasts(state, actions) {
  return state.toasts.map(({ id, tone, text, taskId, undo }) =>
    h('div', { class: 'toast', key: id, data: { testid: 'toast', tone } },
      icon(tone === 'good' ? 'check' : 'warning'), h('span', null, text),
      undo && undo.length > 0 && h('button', {
        type: 'button', class: 'toast-undo', data: { testid: 'undo' },
        on: { click: () => { actions.dispatch({ type: 'toastGone', id }); actions.undo(undo); } },
      }, 'Undo'),
      taskId && h('a', { href: taskUrl(taskId) }, 'View task'),
      h('button', {
        type: 'button', class: 'icon-button', 'aria-label': 'Dismiss', on: { click: () => actions.dispatch({ type: 'toastGone', id }) },
      }, icon('close'))));
}
