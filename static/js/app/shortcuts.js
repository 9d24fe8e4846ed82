/* What each key does, and how the help names it. */

import { go, pageUrl } from '../lib/router.js';
import { listedTask } from '../state/page_state.js';
import { isEmpty, NOTHING_CHOSEN } from '../state/selection.js';
import { look } from '../state/task_state.js';
import { fits, wishOf } from '../tasks/bulk_bar.js';
import * as texts from '../texts/shell.js';
import { focusConfirm } from './focus.js';
import { focusedTask, moveRow } from './keyboard.js';

/**
 * @param {Record<string, import('./reader.js').Page>} views
 * @param {import('../state/store.js').Store} store
 * @param {import('../state/actions.js').Actions} actions
 * @returns {{keys: Record<string, () => void>, help: [string, string][]}} `help`: keys, and what they do
 */
export function shortcutsFor(views, store, actions) {
  const jumps = Object.entries(views).map(([name, { key, title }]) => [`g ${key}`, title, name]);
  /** @type {Record<string, () => void>} */
  const keys = {
    '?': () => actions.dispatch({ type: 'dialog', dialog: 'help' }),
    '/': () => {
      if (!document.getElementById('find')) go(pageUrl('tasks'));
      document.getElementById('find')?.focus(); // at once: the next letter may be on its way
    },
    t: actions.cycleTheme,
    j: () => moveRow(1),
    k: () => moveRow(-1),
    x: () => {
      const id = focusedTask();
      if (id && store.state().route.view === 'tasks') actions.choose(id, false);
    },
    r: () => withRows(store, actions, 'retry', (id) => actions.retry(id)),
    c: () => withRows(store, actions, 'cancel', (id) => {
      actions.askCancel(id);
      actions.drawNow();
      focusConfirm(id);
    }),
    'Ctrl+k': () => actions.dispatch({ type: 'dialog', dialog: 'palette' }),
    Escape: () => stepBack(store.state(), actions),
  };
  for (const [pair, , name] of jumps) keys[pair] = () => go(pageUrl(name));
  const help = jumps.map(([pair, title]) => /** @type {[string, string]} */ ([pair, `go to ${title}`]));
  return { keys, help: [...help, ...texts.SHORTCUTS] };
}

/** Close what lies on top; what is chosen goes last. */
function stepBack({ cancels, route, selection, ui }, actions) {
  const asking = Object.keys(cancels).find((id) => cancels[id] === 'asking');
  if (ui.menu) actions.dispatch({ type: 'ui', set: { menu: false } });
  else if (ui.saved) {
    document.getElementById('saved-button')?.focus();
    actions.dispatch({ type: 'ui', set: { saved: null } });
  } else if (asking) actions.keep(asking);
  else if (route.taskId) actions.closePanel();
  else if (!isEmpty(selection)) actions.dispatch({ type: 'select', selection: NOTHING_CHOSEN });
}

/** Do something to what is selected (which asks), else to the row with the focus or the open task. */
function withRows(store, actions, action, one) {
  const state = store.state();
  if (!isEmpty(state.selection)) {
    const wish = wishOf(action, state);
    if (wish.count !== 0) actions.wish(wish);
    return;
  }
  const id = focusedTask() ?? state.route.taskId;
  const task = listedTask(state, id ?? null) ?? state.task.record;
  if (!task || task.task_id !== id) return;
  if (fits(action, task.status)) one(id);
  else actions.toast('bad', texts.doesNotFit(look(task.status).label.toLowerCase(), action));
}
