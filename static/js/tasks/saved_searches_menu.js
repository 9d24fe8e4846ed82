/* The saved searches beside the search box: a list to open, rename and delete them, and a field to save
   the present one. They are this browser's; others get a link. */

import { h } from '../lib/dom.js';
import { moment } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { tasksUrl } from '../lib/router.js';
import { areStored, cleanName, forgetSearch, LONGEST_NAME, READY_MADE, renameSearch, savedSearches, saveSearch } from './saved_searches.js';
import { serverNow } from '../state/page_state.js';
import { icon } from '../components/icons.js';
import { button } from '../components/parts.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/tasks.js';

/** @typedef {{name: string, naming?: boolean, renaming: string|null, gone: import('./saved_searches.js').SavedSearch|null}} Menu
 *   `name`: what is typed for the present search; `naming`: the field gets the focus; `gone`: deleted a moment ago */

/** @type {Menu} */
export const OPENED = { name: '', renaming: null, gone: null };

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function savedMenu(state, actions) {
  /** @type {Menu|null} */
  const menu = state.ui.saved ?? null;
  const set = (change) => actions.dispatch({ type: 'ui', set: { saved: change && { ...(menu ?? OPENED), ...change } } });
  return h('div', { class: 'saved', key: 'saved', on: { keydown: move } },
    h('button', {
      type: 'button', class: 'button', id: 'saved-button', 'aria-expanded': String(Boolean(menu)), 'aria-controls': 'saved-menu',
      data: { testid: 'saved-button' }, on: { click: () => set(menu ? null : {}) },
    }, icon('bookmark'), h('span', null, 'Saved'), icon('down')),
    menu && [
      h('div', { class: 'saved-around', key: 'around', on: { click: () => set(null) } }),
      h('div', { class: 'saved-menu', key: 'menu', id: 'saved-menu', role: 'region', 'aria-label': 'Saved searches',
        data: { testid: 'saved-menu' } },
        contents(menu, state, set, actions)),
    ]);
}

function contents(menu, state, set, actions) {
  const { search } = state.route;
  const own = savedSearches();
  const line = (each) => opener(each, state);
  return [
    form(menu, search, own, set, actions),
    h('h2', { key: 'own-head' }, texts.SAVED.own),
    own.length || menu.gone
      ? h('ul', { key: 'own', data: { testid: 'saved-own' } }, menu.gone && goneRow(menu.gone, set),
        own.map((each) => h('li', { key: each.name, data: { testid: 'saved-search' } },
        each.name === menu.renaming ? renameForm(each, own, set) : [line(each), tools(each, set)])))
      : h('p', { key: 'none', class: 'faint' }, texts.SAVED.none),
    h('h2', { key: 'ready-head' }, texts.SAVED.ready),
    h('ul', { key: 'ready' }, READY_MADE.map((each) => h('li', { key: each.name, data: { testid: 'ready-made' } }, line(each)))),
    h('p', { key: 'where', class: 'faint', data: { testid: 'saved-where' } }, areStored()
      ? texts.SAVED.here
      : texts.SAVED.nowhere,
    ' ', h('button', { type: 'button', class: 'link',
      on: { click: () => actions.copy(location.origin + tasksUrl(search), texts.SAVED.link) } }, texts.SAVED.copyLink)),
  ];
}

function opener(each, state) {
  const { q, from, to } = state.route.search;
  const now = serverNow(state);
  const times = [each.from && `from ${moment(each.from, now)}`, each.to && `to ${moment(each.to, now)}`].filter(Boolean).join(' ');
  const here = each.q === q && each.from === from && each.to === to;
  return h('a', { key: 'open', class: 'saved-open', href: tasksUrl(each), 'aria-current': here ? 'true' : null,
    on: { click: () => document.getElementById('saved-button')?.focus() } },
    h('b', { dir: 'auto' }, each.name),
    h('code', { dir: 'auto' }, visible([each.q, times].filter(Boolean).join(' · ') || texts.SAVED.everyTask)));
}

function tools(each, set) {
  const remove = () => {
    forgetSearch(each.name);
    set({ gone: each });
  };
  return h('span', { key: 'tools', class: 'saved-tools' },
    h('button', { type: 'button', class: 'icon-button', title: 'Rename', 'aria-label': `Rename ${each.name}`,
      on: { click: () => set({ renaming: each.name }) } }, icon('edit')),
    h('button', { type: 'button', class: 'icon-button', title: 'Delete', 'aria-label': `Delete ${each.name}`, on: { click: remove } },
      icon('trash')));
}

function goneRow(gone, set) {
  const back = () => {
    saveSearch(gone.name, gone);
    set({ gone: null });
    focusSoon(gone.name);
  };
  return h('li', { key: 'gone ', class: 'saved-gone' }, h('span', { dir: 'auto', role: 'status' }, texts.SAVED.deleted(gone.name)),
    h('button', { type: 'button', class: 'link', data: { testid: 'saved-undo' }, wake: (undo) => undo.focus(), on: { click: back } },
      common.UNDO));
}

function renameForm(each, own, set) {
  const done = (name = each.name) => {
    set({ renaming: null });
    focusSoon(name);
  };
  const submit = (event) => {
    event.preventDefault();
    const field = event.currentTarget.elements.namedItem('name');
    const next = cleanName(field.value);
    const taken = next !== each.name && own.some(({ name }) => name === next);
    field.setCustomValidity(taken ? texts.SAVED.taken : '');
    if (!field.reportValidity()) return;
    renameSearch(each.name, next);
    done(next);
  };
  const keydown = (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    done();
  };
  return h('form', { key: 'rename', class: 'saved-form', on: { submit, keydown } },
    h('input', {
      name: 'name', required: true, maxlength: LONGEST_NAME, value: each.name, 'aria-label': texts.SAVED.newName(each.name),
      autocomplete: 'off', data: { testid: 'saved-rename' },
      wake: (field) => field.select(), on: { input: ({ currentTarget: field }) => field.setCustomValidity('') },
    }),
    h('button', { type: 'submit', class: 'button' }, 'Rename'), button(common.CANCEL, () => done(), { class: 'quiet' }));
}

/** @param {Menu} menu */
function form(menu, search, own, set, actions) {
  if (!search.q && !search.from && !search.to) {
    return h('p', { key: 'form', class: 'soft' }, texts.SAVED.first);
  }
  const again = own.some((each) => each.name === cleanName(menu.name));
  const submit = (event) => {
    event.preventDefault();
    // Not what was drawn last: Enter may follow the last letter at once.
    const typed = cleanName(event.currentTarget.elements.namedItem('name').value);
    if (!typed) return;
    if (!saveSearch(typed, search)) return actions.toast('bad', texts.SAVED.full);
    event.currentTarget.reset();
    set({ name: '' });
    actions.toast('good', texts.SAVED.saved(typed, areStored()));
  };
  return h('form', { key: 'form', class: 'saved-form', on: { submit } },
    h('label', { for: 'saved-name' }, texts.SAVED.saveAs),
    h('input', {
      id: 'saved-name', name: 'name', required: true, maxlength: LONGEST_NAME, autocomplete: 'off', placeholder: 'A name',
      data: { testid: 'saved-name' },
      wake: (field) => menu.naming && field.focus(), on: { input: ({ currentTarget: field }) => set({ name: field.value }) },
    }),
    h('button', { type: 'submit', class: 'button primary', data: { testid: 'saved-save' } }, again ? 'Replace' : 'Save'));
}

/** What had the focus goes with the next redraw. */
function focusSoon(name) {
  requestAnimationFrame(() => {
    const links = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('.saved-open')]);
    links.find((each) => each.firstElementChild?.textContent === name)?.focus();
  });
}

/** The arrow keys go through the list. */
function move(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const links = [...event.currentTarget.querySelectorAll('.saved-open')];
  if (!step || !links.length || event.target instanceof HTMLInputElement) return;
  const at = links.indexOf(event.target);
  links[Math.min(links.length - 1, Math.max(0, at + step))].focus();
  event.preventDefault();
}
