/* An address that leads to no page. */

import { h } from '../lib/dom.js';
import { visible } from '../lib/json_text.js';
import { LOGO } from '../lib/root.js';
import { pageUrl } from '../lib/router.js';
import * as texts from '../texts/shell.js';

/** @type {import('./pages.js').Page} */
export const NOWHERE = {
  title: texts.NO_SUCH_PAGE, key: '',
  view: (_state, actions) => h('div', { class: 'page', key: 'nowhere', data: { testid: 'nowhere' } },
    h('div', { class: 'empty' },
      h('img', { src: LOGO, width: 70, height: 39, alt: '' }),
      h('h1', { class: 'page-title' }, texts.NO_SUCH_PAGE),
      h('p', null, texts.NOTHING_AT, h('code', null, visible(location.pathname).slice(0, 100)), '. Go to ',
        actions.pages().slice(0, 3).map(([name, title], i) => [i ? ', ' : '', h('a', { href: pageUrl(name) }, title)]),
        ' or ', h('button', { type: 'button', class: 'link', on: { click: () => actions.dispatch({ type: 'dialog', dialog: 'palette' }) } },
          texts.FIND_A_PAGE),
        h('span', { class: 'wide-only' }, ' (', h('kbd', null, 'Ctrl'), ' ', h('kbd', null, 'k'), ')'), '.'))),
};
