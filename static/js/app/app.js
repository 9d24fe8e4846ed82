/* Starts a page: the store, the address, the keyboard, the live loop, and drawing. A page hands in its
   views and what each of them has to read. */

import { currentSession, onUnauthorized } from '../api/tasks.js';
import { watchWidth } from '../lib/rail.js';
import { readRoute, redirect, watchAddress } from '../lib/router.js';
import { initialState, sameSearch } from '../state/page_state.js';
import { createStore } from '../state/store.js';
import { createActions } from './actions.js';
import { createDraw, createDrawing } from './drawing.js';
import { listenToKeys } from './keyboard.js';
import { goLive } from './live.js';
import { createReader } from './reader.js';
import { shortcutsFor } from './shortcuts.js';

/**
 * Start a page.
 * @param {Record<string, import('./reader.js').Page>} views by name; the first is the default
 */
export function startPage(views) {
  const store = createStore(initialState(Date.now()));
  const reader = createReader(store, views);
  const names = Object.keys(views);
  const route = () => store.dispatch({ type: 'route', route: readRoute(location, names, store.state().route) });
  redirect();
  route();

  // Each of these calls the others once the page lives; none does while it is made.
  const drawing = createDrawing(() => draw(store.state()));
  const later = { reread: () => live.reread(), more: () => live.more(), retryNow: () => live.retryNow() };
  const titles = Object.entries(views).map(([name, { title }]) => /** @type {[string, string]} */ ([name, title]));
  const actions = createActions(store, later, reader.reread, drawing, titles);
  const shortcuts = shortcutsFor(views, store, actions);
  const draw = createDraw(views, actions, shortcuts.help);

  store.subscribe(drawing.redraw);
  onUnauthorized(askForKey(store));
  watchAddress(names, (isBack) => {
    const before = store.state().route;
    route();
    live.refresh();
    drawing.drawNow();
    // What one goes to begins at its top; going back, the browser itself leads to where one was.
    if (!isBack && !sameThing(before, store.state().route)) scrollTo(0, 0);
  });
  listenToKeys(shortcuts.keys);
  document.addEventListener('visibilitychange', drawing.redraw);
  watchWidth(drawing.redraw);
  // Not a frame later: the next click or key would meet what stood there before this one.
  for (const type of ['click', 'change', 'submit', 'keydown']) addEventListener(type, drawing.drawNow);
  const live = goLive(store, reader.read);
  drawing.redraw();
}

/** Whether two addresses show the same page, though perhaps with a task over it. */
function sameThing(a, b) {
  return sameSearch(a, b) && a.item === b.item && a.params.new === b.params.new && a.params.edit === b.params.edit;
}

/** Ask once; who says "not now" is not asked again by every refresh, nor because of a session that is over. */
function askForKey(store) {
  let askedIn = -1;
  return (session) => {
    if (session !== currentSession() || askedIn === session) return;
    askedIn = session;
    store.dispatch({ type: 'dialog', dialog: 'key' });
  };
}
