/* What both pages share: the store, the address, the keyboard, the live loop, and drawing. A page
   hands in its views and what each of them has to read. */

import { createActions } from '../tasks/actions.js';
import { onUnauthorized } from '../api/tasks.js';
import { apiKey } from '../api/api_key.js';
import { mount } from '../lib/dom.js';
import { focusConfirm, keepFocus } from './focus.js';
import { focusedTask, listenToKeys, moveRow } from './keyboard.js';
import { goLive } from './live.js';
import { beneathUrl, go, pageUrl, readRoute, redirect, watchAddress } from '../lib/router.js';
import { isEmpty, NOTHING_CHOSEN } from '../state/selection.js';
import { createStore, initialState } from '../state/store.js';
import { createOperatorActions } from '../operations/actions.js';
import { createReader } from './reader.js';
import { createScheduleActions } from '../schedules/actions.js';
import { showTab } from './tab.js';
import { cycleTheme } from '../lib/theme.js';
import { look } from '../state/task_state.js';
import { fits, wishOf } from '../tasks/bulk_bar.js';
import { dialogs } from './dialogs.js';
import { liveBadge } from '../components/live_badge.js';
import { followLog } from '../log/page.js';
import { navLinks } from './nav.js';
import { NOWHERE } from './nowhere.js';
import { taskPanel } from '../tasks/panel.js';
import { toasts } from '../components/toasts.js';
import { tools } from './tools.js';
import { noticeBar } from '../overview/verdict_view.js';

const COMMON = [
  ['Ctrl k', 'go to or do anything'], ['/', 'search tasks'], ['j', 'next row'], ['k', 'previous row'], ['Enter', 'open the row'],
  ['x', 'select the row'], ['r', 'retry the row, or what is selected'], ['c', 'cancel the row, or what is selected (asks first)'],
  ['Esc', 'close, or clear the selection'], ['t', 'change the theme'], ['?', 'this help'],
];

/**
 * Start a page.
 * @param {Record<string, import('./pages.js').Page>} views by name; the first is the default
 */
export function startPage(views) {
  const store = createStore(initialState(Date.now()));
  const reader = createReader(store, views);
  const names = Object.keys(views);
  const route = () => store.dispatch({ type: 'route', route: readRoute(location, names, store.state().route.view) });
  redirect();
  route();

  let scheduled = 0;
  let drawing = false;
  const redraw = () => {
    scheduled ||= requestAnimationFrame(drawNow);
  };
  /** Draw what is not drawn yet; what drawing itself changes is for the next frame. */
  const drawNow = () => {
    if (!scheduled || drawing) return;
    cancelAnimationFrame(scheduled);
    scheduled = 0;
    drawing = true;
    try {
      draw(store.state());
    } finally {
      drawing = false;
    }
  };
  let live = { refresh() {}, reread() {}, more() {}, retryNow() {} };
  const basic = createActions(store, () => live.reread(), () => live.retryNow());
  const actions = {
    ...basic,
    ...createOperatorActions(store, basic, reader.reread),
    ...createScheduleActions(store, basic, reader.reread),
    redraw,
    drawNow,
    retryNow: () => live.retryNow(),
    more: () => live.more(),
    /** What comes into sight is read; what takes a long search only on demand. */
    scrolledToEnd: () => {
      const { found, reading, foundProblem } = store.state();
      if (found.next && found.rows.length && !reading && !foundProblem) live.more();
    },
    pages: () => Object.entries(views).map(([name, { title }]) => [name, title]),
    closePanel: () => go(beneathUrl(store.state().route.view)),
    cycleTheme: () => {
      cycleTheme();
      redraw();
    },
  };

  const shortcuts = keyboard(views, store, actions);
  const draw = drawer(views, actions, shortcuts.help);
  store.subscribe(redraw);
  onUnauthorized(askForKey(store));
  watchAddress(names, () => {
    route();
    live.refresh();
    drawNow();
  });
  listenToKeys(shortcuts.keys);
  document.addEventListener('visibilitychange', redraw);
  // Not a frame later: the next click or key would meet what stood there before this one.
  for (const type of ['click', 'change', 'submit', 'keydown']) addEventListener(type, drawNow);
  live = goLive(store, reader.read);
  redraw();
}

/** Ask once; who says "not now" is not asked again by every refresh, nor because of a key that was given up meanwhile. */
function askForKey(store) {
  /** @type {string|null} */
  let askedWith = null;
  return (key) => {
    if (key !== apiKey() || askedWith === key) return;
    askedWith = key;
    store.dispatch({ type: 'dialog', dialog: 'key' });
  };
}

function drawer(views, actions, help) {
  const place = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
  let panelId = /** @type {string|null} */ (null);
  /** @type {Element|null} */
  let before = null;
  return (state) => {
    const { taskId } = state.route;
    const page = views[state.route.view] ?? NOWHERE;
    const refocus = keepFocus();
    mount(place('nav'), navLinks(views, state, actions));
    mount(place('badge'), liveBadge(state));
    mount(place('tools'), tools(actions));
    mount(place('notices'), noticeBar(state, actions));
    mount(place('main'), page.view(state, actions));
    if (taskId && !panelId) before = document.activeElement;
    followLog();
    mount(place('panel'), taskPanel(state, actions));
    mount(place('dialogs'), dialogs(state, actions, help));
    mount(place('toasts'), toasts(state, actions));
    refocus();
    showTab(state, page.title);
    if (taskId && taskId !== panelId) /** @type {HTMLElement} */ (document.querySelector('.panel'))?.focus({ preventScroll: true });
    if (!taskId && panelId) /** @type {HTMLElement|null} */ (before)?.focus?.({ preventScroll: true });
    panelId = taskId;
  };
}

function keyboard(views, store, actions) {
  const jumps = Object.entries(views).map(([name, { key, title }]) => [`g ${key}`, title, name]);
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
    Escape: () => {
      const { cancels, route, selection, ui } = store.state();
      const asking = Object.keys(cancels).find((id) => cancels[id] === 'asking');
      if (ui.menu) actions.dispatch({ type: 'ui', set: { menu: false } });
      else if (ui.saved) {
        document.getElementById('saved-button')?.focus();
        actions.dispatch({ type: 'ui', set: { saved: null } });
      }
      else if (asking) actions.keep(asking);
      else if (route.taskId) actions.closePanel();
      else if (!isEmpty(selection)) actions.dispatch({ type: 'select', selection: NOTHING_CHOSEN });
    },
  };
  for (const [pair, , name] of jumps) keys[pair] = () => go(pageUrl(name));
  return { keys, help: [...jumps.map(([pair, title]) => [pair, `go to ${title}`]), ...COMMON] };
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
  const task = state.found.byId.get(id) ?? state.list.items.find((each) => each.task_id === id) ?? state.task.record;
  if (!task || task.task_id !== id) return;
  if (fits(action, task.status)) one(id);
  else actions.toast('bad',
    `A task that is ${look(task.status).label.toLowerCase()} cannot be ${action === 'retry' ? 'retried' : 'cancelled'}.`);
}
