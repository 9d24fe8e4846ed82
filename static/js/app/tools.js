/* The buttons at the right of the header: command palette, keyboard help, theme. */

import { h } from '../lib/dom.js';
import { currentTheme, nextTheme } from '../lib/theme.js';
import { isUtc, switchZone } from '../lib/zone.js';
import { icon } from '../components/icons.js';

const SHAPES = { system: 'screen', light: 'sun', dark: 'moon' };

/** @param {import('../state/actions.js').Actions} actions */
export function tools(actions) {
  const theme = currentTheme();
  const label = `Theme: ${theme}. Switch to ${nextTheme()}`;
  const zone = isUtc() ? 'Times are in UTC. Switch to local time' : 'Times are in local time. Switch to UTC';
  return [
    h('button', {
      type: 'button', class: 'icon-button', key: 'palette', title: 'Go to or do anything (Ctrl K)',
      'aria-label': 'Go to or do anything (Ctrl K)',
      data: { testid: 'open-palette' }, on: { click: () => actions.dispatch({ type: 'dialog', dialog: 'palette' }) },
    }, icon('search')),
    h('button', {
      type: 'button', class: 'icon-button wide-only', key: 'help', title: 'Keyboard shortcuts (?)', 'aria-label': 'Keyboard shortcuts',
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
