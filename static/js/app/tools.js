/* The buttons at the right of the header: command palette, keyboard help, theme. */

import { h } from '../lib/dom.js';
import { currentTheme, nextTheme } from '../lib/theme.js';
import { isUtc, switchZone } from '../lib/zone.js';
import { icon } from '../components/icons.js';
import * as texts from '../texts/shell.js';

const SHAPES = { system: 'screen', light: 'sun', dark: 'moon' };

/** @param {import('../state/actions.js').Actions} actions */
export function tools(actions) {
  const theme = currentTheme();
  const label = texts.switchTheme(theme, nextTheme());
  const zone = isUtc() ? texts.TO_LOCAL_TIME : texts.TO_UTC;
  return [
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
