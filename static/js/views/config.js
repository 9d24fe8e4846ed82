/* The inspector's page of settings, as the running process read them. */

import { h } from '../dom.js';
import { visible } from '../json_text.js';
import { factPage } from './fact_page.js';

/** @param {import('../store.js').State} state */
export function configPage(state) {
  return factPage(state, 'config', 'Configuration', 'As read at the start from the environment and .env; secrets are masked.', (settings) =>
    h('div', { class: 'card scroll', key: 'table' }, h('table', { class: 'plain stackable settings' },
      h('thead', null, h('tr', null, ['Name', 'Value', 'Unit', 'Meaning'].map((name) => h('th', { scope: 'col' }, name)))),
      h('tbody', null, settings.map(({ name, value, unit, description }) => h('tr', { key: name },
        h('th', { scope: 'row' }, h('code', null, name)),
        h('td', { data: { label: 'Value' } }, value === '' || value === null ? h('span', { class: 'faint' }, 'not set') : h('code', null, visible(value))),
        h('td', { class: 'soft', data: { label: 'Unit' } }, unit || '–'),
        h('td', { class: 'soft', data: { label: 'Meaning' } }, visible(description))))))));
}
