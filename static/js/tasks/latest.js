/* The short list of the newest tasks, on pages that are about something else. */

import { h } from '../lib/dom.js';
import { ROOT } from '../lib/root.js';
import { pageUrl, tasksUrl } from '../lib/router.js';
import { serverNow } from '../state/page_state.js';
import { newcomers, rows } from '../state/latest_tasks.js';
import { button, emptyState, loadFailure, sectionHead } from '../components/parts.js';
import { readyTypes } from './quick_send.js';
import { tableHead, taskRow } from './row.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/tasks.js';

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function latestTasks(state, actions) {
  return h('section', { class: 'latest', key: 'latest' },
    sectionHead('Latest tasks', h('a', { href: tasksUrl({}) }, 'All tasks')),
    table(state, actions));
}

function table(state, actions) {
  const { list, listProblem } = state;
  const shown = rows(list);
  const fresh = newcomers(list);
  if (!shown.length && !fresh) return nothing(state);
  const now = serverNow(state);
  return h('div', {
    class: 'table-wrap', key: 'table', data: { testid: 'task-list' },
    on: {
      pointerenter: (event) => event.pointerType === 'mouse' && actions.dispatch({ type: 'hold', held: true }),
      pointerleave: () => actions.dispatch({ type: 'hold', held: false }),
    },
  },
    h('div', { class: 'pill-place', key: 'pill' }, fresh > 0 && button(texts.fresh(fresh), () => actions.dispatch({ type: 'release' }), {
      class: 'pill', data: { testid: 'new-pill' }, title: texts.LATEST_PAUSED,
    })),
    listProblem && h('p', { class: 'faint list-note', key: 'old' }, common.outOfDate(listProblem.text)),
    h('table', { class: 'tasks', key: 'rows' },
      h('caption', { class: 'off-screen' }, common.newestFirst(shown.length)),
      tableHead(),
      h('tbody', null, shown.map((task) => taskRow(task, state, now, actions)))));
}

function nothing({ list, listProblem, problem, taskTypes }) {
  if (!list.loaded) {
    const trouble = listProblem ?? problem;
    return h('div', { key: 'none' }, trouble
      ? loadFailure(trouble, 'the tasks')
      : h('p', { class: 'booting' }, common.loading('tasks')));
  }
  return h('div', { key: 'none' }, noTasksYet(readyTypes(taskTypes).length > 0));
}

/** What a service says in which nothing has ever happened. @param {boolean} hasButtons above, that send a task */
function noTasksYet(hasButtons) {
  return emptyState(common.NO_TASKS_YET, ...(document.body.dataset.app === 'inspector'
    ? [common.TASKS_APPEAR]
    : [hasButtons ? texts.SEND_WITH_BUTTON : texts.FILL_IN, h('a', { href: pageUrl('submit') }, 'form'), texts.ASK_API,
      h('a', { href: `${ROOT}/docs` }, 'documentation'), '.']));
}
