/* Short notes at the corner of the page, read out by screen readers. */

import { h } from '../lib/dom.js';
import { taskUrl } from '../lib/router.js';
import { icon } from './icons.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/shell.js';

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function toasts(state, actions) {
  return state.toasts.map(({ id, tone, text, taskId, undo }) =>
    h('div', { class: 'toast', key: id, data: { testid: 'toast', tone } },
      icon(tone === 'good' ? 'check' : 'warning'), h('span', null, text),
      undo && h('button', {
        type: 'button', class: 'toast-undo', data: { testid: 'undo' },
        on: { click: () => { actions.dispatch({ type: 'toastGone', id }); takeBack(undo, actions); } },
      }, common.UNDO),
      taskId && h('a', { href: taskUrl(taskId) }, texts.VIEW_TASK),
      h('button', {
        type: 'button', class: 'icon-button', 'aria-label': 'Dismiss', on: { click: () => actions.dispatch({ type: 'toastGone', id }) },
      }, icon('close'))));
}

/** @param {import('../state/records.js').Undo} undo @param {import('../state/actions.js').Actions} actions */
function takeBack(undo, actions) {
  if (typeof undo === 'function') undo();
  else actions.undo(undo);
}
