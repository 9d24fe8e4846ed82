/* Draws the state into the places of the document, once a frame, and keeps the focus where it was. */

import { liveBadge } from '../components/live_badge.js';
import { toasts } from '../components/toasts.js';
import { roleNote } from '../keys/role_note.js';
import { mount } from '../lib/dom.js';
import { followLog } from '../log/page.js';
import { noticeBar } from '../overview/verdict_view.js';
import { ownRole } from '../state/keys.js';
import { withinReach } from '../state/reach.js';
import { taskPanel } from '../tasks/panel.js';
import { dialogs } from './dialogs.js';
import { keepFocus } from './focus.js';
import { navLinks } from './nav.js';
import { NOWHERE } from './nowhere.js';
import { showTab } from './tab.js';
import { tools } from './tools.js';

/**
 * Make a drawing take place once, with the next frame or now.
 * @param {() => void} draw
 */
export function createDrawing(draw) {
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
      draw();
    } finally {
      drawing = false;
    }
  };
  return { redraw, drawNow };
}

/**
 * @param {Record<string, import('./reader.js').Page>} views
 * @param {import('../state/actions.js').Actions} actions
 * @param {[string, string][]} help keys, and what they do
 * @returns {(state: import('../state/store.js').State) => void}
 */
export function createDraw(views, actions, help) {
  const place = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
  let panelId = /** @type {string|null} */ (null);
  /** @type {Element|null} */
  let before = null;
  return (whole) => {
    const state = withinReach(whole);
    const { taskId } = state.route;
    const page = views[state.route.view] ?? NOWHERE;
    const refocus = keepFocus();
    mount(place('nav'), navLinks(views, state, actions));
    mount(place('badge'), liveBadge(state));
    mount(place('tools'), tools(state, actions));
    document.body.dataset.role = ownRole(state);
    mount(place('notices'), noticeBar(state, actions), roleNote(state));
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
