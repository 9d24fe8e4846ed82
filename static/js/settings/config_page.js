/* The inspector's page of settings, as the running process read them. */

import { h } from '../lib/dom.js';
import { bytes, duration } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { factPage } from '../components/fact_page.js';

/** @param {import('../state/store.js').State} state */
export function configPage(state) {
  return factPage(state, 'config', 'Configuration',
    'As this process read it at its start, from the environment and .env. Secrets are masked.', (settings) =>
    h('div', { class: 'card scroll', key: 'table' }, h('table', { class: 'plain stackable settings' },
      h('thead', null, h('tr', null, ['Name', 'Value', 'Meaning'].map((name) => h('th', { scope: 'col' }, name)))),
      h('tbody', null, settings.map(({ name, value, unit, description }) => h('tr', { key: name },
        h('th', { scope: 'row' }, h('code', null, name)),
        h('td', { data: { label: 'Value' } },
          value === '' || value === null
          ? h('span', { class: 'faint' }, 'not set') : [h('code', null, visible(value)), inWords(value, unit)]),
        h('td', { class: 'soft', data: { label: 'Meaning' } }, visible(description))))))));
}

/** The unit, and large numbers as people say them. */
function inWords(value, unit) {
  const n = Number(value);
  const said = unit === 's' && n >= 120 ? duration(n) : unit === 'bytes' && n >= 1024 ? bytes(n) : '';
  return (unit || said) && h('span', { class: 'soft' }, ` ${unit}${said ? ` (${said})` : ''}`);
}
