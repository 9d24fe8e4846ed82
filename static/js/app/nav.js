/* The links in the header: the first pages always, the others beside them or, where there is little
   room, in a menu. Which page is the other port's is only known here. */

import { h } from '../lib/dom.js';
import { ROOT } from '../lib/root.js';
import { pageUrl } from '../lib/router.js';
import { icon } from '../components/icons.js';

const FIRST = 5;

/**
 * @param {Record<string, import('./pages.js').Page>} pages
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function navLinks(pages, { route, ui }, actions) {
  const names = Object.keys(pages);
  const rest = names.slice(FIRST);
  const link = (name) => h('a', {
    href: pageUrl(name), key: name, data: { view: name }, 'aria-current': name === route.view ? 'page' : null,
  }, pages[name].title);
  const open = Boolean(ui.menu);
  const toggle = (menu) => actions.dispatch({ type: 'ui', set: { menu } });
  return [
    names.slice(0, FIRST).map(link),
    h('button', {
      type: 'button', class: 'nav-more', key: 'more', 'aria-expanded': String(open), 'aria-controls': 'nav-rest',
      data: { testid: 'nav-more', current: String(rest.includes(route.view)) }, on: { click: () => toggle(!open) },
    }, 'More', icon('down')),
    h('div', {
      class: 'nav-rest', id: 'nav-rest', key: 'rest', data: { open: String(open) },
      on: { focusout: (event) => leaves(event) && toggle(false) },
    }, rest.map(link), otherPort()),
  ];
}

function otherPort() {
  const docs = h('a', { href: `${ROOT}/docs`, key: 'docs' }, 'API docs');
  // Under a path of a proxy there is no other port that a reader could reach.
  if (ROOT) return document.body.dataset.app === 'inspector' ? [] : [docs];
  const inspector = document.body.dataset.app === 'inspector';
  return inspector
    ? [h('a', { href: portUrl('dashboardPort'), key: 'dashboard' }, 'Dashboard')]
    : [docs, h('a', { href: portUrl('inspectorPort'), key: 'inspector' }, 'Inspector')];
}

/** The dashboard and the inspector are two ports of one host. */
function portUrl(name) {
  const url = new URL('/', location.href);
  url.port = document.body.dataset[name] ?? '';
  return url.href;
}

function leaves({ currentTarget, relatedTarget }) {
  return relatedTarget && !currentTarget.contains(relatedTarget) && !relatedTarget.classList.contains('nav-more');
}
