/* The inspector's page of settings, as the running process read them. */

import { h } from '../lib/dom.js';
import { bytes, duration } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { factPage } from '../components/fact_page.js';
import * as texts from '../texts/settings.js';

/** @param {import('../state/store.js').State} state */
export function configPage(state) {
  return factPage(state, 'config', 'Configuration', texts.CONFIG_ABOUT, (settings) =>
    h('div', { class: 'card scroll', key: 'table' }, h('table', { class: 'plain stackable settings' },
      h('thead', null, h('tr', null, ['Name', 'Value', 'Meaning'].map((name) => h('th', { scope: 'col' }, name)))),
      h('tbody', null, settings.map(({ name, value, unit, description }) => h('tr', { key: name },
        h('th', { scope: 'row' }, h('code', null, name)),
        h('td', { data: { label: 'Value' } },
          value === '' || value === null ? h('span', { class: 'faint' }, texts.NOT_SET) : shown(value, unit)),
        h('td', { class: 'soft', data: { label: 'Meaning' } }, visible(description))))))));
}

/** A value with its unit; large numbers also as people say them. */
function shown(value, unit) {
  if (value === 'set') return texts.SET_HIDDEN;
  if (value === 'embedded') return h('span', { class: 'faint' }, texts.EMBEDDED);
  if (unit === '0 or 1') return value === 'True' ? texts.ON : texts.OFF;
  if (unit === 'times') return h('code', null, texts.times(Number(value)));
  const n = Number(value);
  const said = unit === 's' && n >= 120 ? duration(n) : unit === 'bytes' && n >= 1024 ? bytes(n) : '';
  return [h('code', null, visible(value)), (unit || said) && h('span', { class: 'soft' }, ` ${unit}${said ? ` (${said})` : ''}`)];
}
