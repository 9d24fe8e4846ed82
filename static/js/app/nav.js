/* The links to all pages: a rail of groups at the left or, on a phone, a bar with the first pages and a
   menu of the others. Which page is the other port's is only known here. */

import { icon } from '../components/icons.js';
import { h } from '../lib/dom.js';
import { isFolded, isPhone, toggleFold } from '../lib/rail.js';
import { ROOT } from '../lib/root.js';
import { pageUrl } from '../lib/router.js';
import { badgesOf } from '../state/badges.js';
import { mayOpen } from '../state/reach.js';
import * as texts from '../texts/shell.js';

/** @type {[string, string[]][]} */
const GROUPS = [
  ['Home', ['overview']],
  ['Work', ['tasks', 'failures', 'flows', 'schedules']],
  ['Code', ['functions', 'types', 'submit']],
  ['Machines', ['queues', 'workers', 'redis']],
  ['Live', ['log', 'audit']],
  ['Settings', ['keys', 'webhooks', 'config']],
];
const ICONS = {
  overview: 'home', tasks: 'rows', failures: 'warning', flows: 'flow', schedules: 'calendar', functions: 'code', types: 'shapes',
  submit: 'send', queues: 'layers',
  workers: 'chip', redis: 'database', log: 'terminal', audit: 'person', keys: 'key', webhooks: 'hook', config: 'sliders',
};
/** The pages of the bar on a phone; the others are in its menu. */
const FIRST = ['overview', 'tasks', 'failures', 'queues'];

/**
 * @param {Record<string, import('./reader.js').Page>} pages
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function navLinks(pages, state, actions) {
  const badges = badgesOf(state);
  const link = (name) => pageLink(name, pages[name].title, name === state.route.view, badges[name]);
  const isFor = (name) => name in pages && mayOpen(state, name);
  const groups = GROUPS.map(([title, names]) => ({ title, names: names.filter(isFor) }));
  return isPhone() ? bar(groups, FIRST.filter(isFor).map(link), link, state, actions) : rail(groups, link, actions);
}

function pageLink(name, title, isHere, badge) {
  return h('a', {
    href: pageUrl(name), key: name, data: { view: name, ...(badge && { badge: badge.number ?? '', tone: badge.tone }) },
    title: badge ? `${title}: ${badge.words}` : title, 'aria-label': badge && `${title}, ${badge.words}`,
    'aria-current': isHere ? 'page' : null,
  }, icon(ICONS[name]), h('span', { class: 'nav-label' }, title));
}

function rail(groups, link, actions) {
  const folded = isFolded();
  const says = folded ? texts.UNFOLD_RAIL : texts.FOLD_RAIL;
  return h('div', { class: 'rail', key: 'rail' },
    groups.filter(({ names }) => names.length).map(({ title, names }) => group(title, [
      names.map(link), title === 'Settings' && elsewhere(),
    ])),
    h('button', {
      type: 'button', class: 'nav-fold', key: 'fold', title: says, 'aria-label': says, data: { testid: 'nav-fold' },
      on: { click: () => { toggleFold(); actions.redraw(); } },
    }, icon('sidebar'), h('span', { class: 'nav-label' }, texts.FOLD)));
}

function bar(groups, first, link, { route, ui }, actions) {
  const open = Boolean(ui.menu);
  const toggle = (menu) => actions.dispatch({ type: 'ui', set: { menu } });
  const rest = groups.map(({ title, names }) => ({ title, names: names.filter((name) => !FIRST.includes(name)) }));
  const isInRest = rest.some(({ names }) => names.includes(route.view));
  return h('div', { class: 'nav-bar', key: 'bar' },
    first,
    h('button', {
      type: 'button', class: 'nav-more', key: 'more', 'aria-expanded': String(open), 'aria-controls': 'nav-rest',
      data: { testid: 'nav-more', current: String(isInRest) }, on: { click: () => toggle(!open) },
    }, icon('more'), h('span', { class: 'nav-label' }, texts.MORE)),
    h('div', {
      class: 'nav-rest', id: 'nav-rest', key: 'rest', hidden: !open, on: { focusout: (event) => leaves(event) && toggle(false) },
    }, rest.filter(({ names, title }) => names.length || title === 'Settings').map(({ title, names }) => group(title, [
      names.map(link), title === 'Settings' && elsewhere(),
    ]))));
}

function group(title, links) {
  const id = `nav-${title.toLowerCase()}`;
  return h('div', { class: 'nav-group', key: title, role: 'group', 'aria-labelledby': id },
    h('p', { class: 'nav-head', id }, title), links);
}

/** What is not a page of this port. */
function elsewhere() {
  const isInspector = document.body.dataset.app === 'inspector';
  return [
    !isInspector && otherLink('docs', `${ROOT}/docs`, 'API docs', 'book'),
    // Under a path of a proxy there is no other port that a reader could reach.
    !ROOT && (isInspector ? otherLink('dashboard', portUrl('dashboardPort'), 'Dashboard', 'swap')
      : otherLink('inspector', portUrl('inspectorPort'), 'Inspector', 'swap')),
  ];
}

function otherLink(key, href, title, shape) {
  return h('a', { href, key, title }, icon(shape), h('span', { class: 'nav-label' }, title));
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
