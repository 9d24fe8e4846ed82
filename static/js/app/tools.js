/* The buttons at the right of the header: command palette, keyboard help, theme. */

import { h } from '../lib/dom.js';
import { visible } from '../lib/json_text.js';
import { currentTheme, nextTheme } from '../lib/theme.js';
import { isUtc, switchZone } from '../lib/zone.js';
import { icon } from '../components/icons.js';
import * as keys from '../texts/keys.js';
import * as texts from '../texts/shell.js';

const SHAPES = { system: 'screen', light: 'sun', dark: 'moon' };

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function tools(state, actions) {
  const theme = currentTheme();
  const label = texts.switchTheme(theme, nextTheme());
  const zone = isUtc() ? texts.TO_LOCAL_TIME : texts.TO_UTC;
  return [
    signedIn(state, actions),
    h('button', {
      type: 'button', class: 'icon-button', key: 'palette', title: texts.GO_OR_DO_ANYTHING, 'aria-label': texts.GO_OR_DO_ANYTHING,
      data: { testid: 'open-palette' }, on: { click: () => actions.dispatch({ type: 'dialog', dialog: 'palette' }) },
    }, icon('search')),
    h('button', {
      type: 'button', class: 'icon-button wide-only', key: 'help', title: `${texts.SHORTCUTS_TITLE} (?)`,
      'aria-label': texts.SHORTCUTS_TITLE,
      on: { click: () => actions.dispatch({ type: 'dialog', dialog: 'help' }) },
    }, icon('keyboard')),
    h('button', {
      type: 'button', class: 'icon-button zone-switch', key: 'zone', title: zone, 'aria-label': zone, data: { testid: 'zone-switch' },
      on: { click: () => { switchZone(); actions.redraw(); } },
    }, isUtc() ? 'UTC' : 'Local'),
    h('button', {
      type: 'button', class: 'icon-button', key: 'theme', title: label, 'aria-label': label,
      data: { testid: 'theme-switch', theme }, on: { click: actions.cycleTheme },
    }, icon(SHAPES[theme])),
  ];
}

/** Who is signed in, and the way out. */
function signedIn({ facts }, actions) {
  const session = /** @type {import('../api/session.js').Session|null|undefined} */ (facts.session?.value);
  if (!session?.name) return null;
  const { name, role } = session;
  const out = keys.signOut(name);
  return [
    h('span', { class: 'signed-in wide-only', key: 'session', data: { testid: 'signed-in', role } }, icon('person'),
      `${visible(name)} · ${role}`),
    h('button', {
      type: 'button', class: 'icon-button', key: 'sign-out', title: out, 'aria-label': out, data: { testid: 'sign-out' },
      on: { click: actions.signOut },
    }, icon('exit')),
  ];
}
