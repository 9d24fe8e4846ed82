/* The table of what a search has found, of any length: only rows near the window are drawn. While the
   reader points at it, has the focus in it, has chosen rows or has scrolled, no row moves. */

import { h } from '../lib/dom.js';
import { newcomers } from '../state/search_results.js';
import { all, NOTHING_CHOSEN } from '../state/selection.js';
import { serverNow } from '../state/page_state.js';
import { isNearEnd, lookAround, startOver, stretches } from '../lib/windowing.js';
import { button } from '../components/parts.js';
import { tableHead, taskRow } from './row.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/tasks.js';

const TABLE = '.tasks-page .table-wrap';

/** Asks for a look at the window after the next drawing. @type {(() => void)|null} */
let lookSoon = null;
let drawnFor = '';
let drawnEnd = '';

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function taskTable(state, actions) {
  const { found, foundProblem, route: { search } } = state;
  lookSoon ??= watchWindow(actions);
  const name = JSON.stringify(search);
  if (name !== drawnFor) startOver();
  drawnFor = name;
  // The reader may wait where the rows ended, or where reading failed: no scroll is to come then.
  const end = `${found.rows.length} ${Boolean(foundProblem)} ${Boolean(document.querySelector(TABLE))}`;
  if (end !== drawnEnd) lookSoon();
  drawnEnd = end;
  const fresh = newcomers(found);
  const now = serverNow(state);
  const hold = (reason, on) => actions.dispatch({ type: 'holdFound', reason, on });
  return h('div', {
    class: 'table-wrap', key: 'table', data: { testid: 'task-list', held: String(found.held) },
    on: {
      pointerenter: (event) => event.pointerType === 'mouse' && hold('pointer', true),
      pointerleave: () => hold('pointer', false),
      focusin: () => hold('focus', true),
      focusout: (event) => hold('focus', event.currentTarget.contains(event.relatedTarget)),
    },
  },
    h('div', { class: 'pill-place', key: 'pill' }, fresh > 0 && button(texts.fresh(fresh, Boolean(found.latest)), letIn(actions), {
      class: 'pill', data: { testid: 'new-pill' }, title: texts.LIST_PAUSED,
    })),
    foundProblem && h('p', { class: 'faint list-note', key: 'old' }, common.outOfDate(foundProblem.text)),
    h('table', { class: 'tasks choosable', key: 'rows', 'aria-rowcount': found.rows.length + 1 },
      h('caption', { class: 'off-screen' }, common.newestFirst(found.rows.length)),
      tableHead(chooseAll(state, actions)),
      stretches(found.rows).map((each) => (each.ids ? drawn(each, state, now, actions) : space(each)))));
}

function drawn({ index, ids }, state, now, actions) {
  return h('tbody', { key: `block-${index}`, data: { block: index, last: index } }, ids.map((id) =>
    taskRow(state.found.byId.get(id), state, now, actions, { left: state.found.left.has(id) })));
}

function space({ index, last, height }) {
  return h('tbody', { key: `space-${index}`, data: { block: index, last }, 'aria-hidden': 'true' },
    h('tr', null, h('td', { class: 'space', style: { height: `${Math.round(height)}px` } })));
}

function chooseAll({ found, selection }, actions) {
  const chosen = selection.everything || (found.rows.length > 0 && found.rows.every((id) => selection.ids.has(id)));
  const some = selection.ids.size > 0;
  return h('button', {
    type: 'button', class: 'check', role: 'checkbox', 'aria-checked': chosen ? 'true' : some ? 'mixed' : 'false',
    'aria-label': texts.SELECT_SHOWN, title: texts.SELECT_SHOWN, data: { testid: 'select-shown' },
    on: { click: () => actions.dispatch({ type: 'select', selection: chosen ? NOTHING_CHOSEN : all(found.rows) }) },
  });
}

function letIn(actions) {
  return () => {
    actions.dispatch({ type: 'letIn' });
    scrollTo({ top: 0 });
  };
}

/** Follow the scroll position: what is drawn, whether rows may move, and when more is wanted. */
function watchWindow(actions) {
  let asked = false;
  const look = () => {
    asked = false;
    const table = document.querySelector(TABLE);
    if (!table) return;
    if (lookAround()) actions.redraw();
    actions.dispatch({ type: 'holdFound', reason: 'scroll', on: table.getBoundingClientRect().top < 0 });
    if (isNearEnd() && scrollY > 0) actions.scrolledToEnd();
  };
  const soon = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(look);
  };
  addEventListener('scroll', soon, { passive: true });
  addEventListener('resize', soon);
  return soon;
}
