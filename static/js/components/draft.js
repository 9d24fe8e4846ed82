/* The form that edits one thing that others can change too. It is kept, so that a draft survives a
   look at another page; untouched it follows what it shows; touched it says what others have changed,
   and takes that over when its author has seen it. */

import { h } from '../lib/dom.js';
import { oneLine } from '../lib/json_text.js';
import { changesBetween, rebased } from '../state/merging.js';
import { button } from './parts.js';
import * as texts from '../texts/common.js';

const WIDEST = 80;

/**
 * @typedef {import('../state/merging.js').Members} Members
 * @typedef {{element: HTMLElement, first: Members, members: () => Members}} EditForm
 *   `first`: its members as they are stored, in the form's own writing; `members`: as they are typed
 * @typedef {(draft?: {members: Members, first: Members, from: any}) => EditForm} Make
 *   without a draft it shows what is stored; `from`: the form whose draft it is
 */

/** @param {Record<string, string>} labels of members, for people */
export function createDraft(labels) {
  /** @type {{key: string, seen: string, form: any, isTouched: boolean, next: {seen: string, first: Members}|null}|null} */
  let held = null;

  function keep(key, seen, form, isTouched) {
    const mine = { key, seen, form, isTouched, next: null };
    const touch = () => { mine.isTouched = true; };
    form.element.addEventListener('input', touch);
    form.element.addEventListener('change', touch);
    held = mine;
  }

  return {
    /** This draft is not wanted any more; another that was begun meanwhile is. @param {HTMLElement} element */
    drop(element) {
      if (held?.form.element === element) held = null;
    },

    /**
     * The form, and what its author has to look at before it can be saved.
     * @template {EditForm} F
     * @param {string} key of what is edited
     * @param {string} seen its `updated_at`
     * @param {(draft?: any) => F} make
     * @param {() => void} redraw
     * @returns {{form: F, key: string, news: HTMLElement|null}}
     */
    show(key, seen, make, redraw) {
      if (held?.key !== key || (held.seen !== seen && !held.isTouched)) keep(key, seen, make(), false);
      const mine = /** @type {NonNullable<typeof held>} */ (held);
      const shown = (/** @type {HTMLElement|null} */ news = null) => ({ form: mine.form, key: `${key} ${mine.seen}`, news });
      if (mine.seen === seen || mine.form.element.dataset.busy) return shown();
      if (mine.next?.seen !== seen) mine.next = { seen, first: make().first };
      const { first } = mine.next;
      const takeOver = () => {
        const members = rebased(mine.form.first, mine.form.members(), first);
        keep(key, seen, make({ members, first, from: mine.form }), true);
        redraw();
      };
      const typed = new Map(changesBetween(mine.form.first, mine.form.members()).map(({ name, to }) => [name, to]));
      return shown(newsOf(changesBetween(mine.form.first, first), typed, labels, takeOver));
    },
  };
}

function newsOf(changes, typed, labels, takeOver) {
  const value = (text) => (text ? h('code', null, oneLine(text, WIDEST)) : '–');
  return h('div', { class: 'note news', key: 'news', data: { testid: 'changed-meanwhile' } },
    h('p', null, texts.CHANGED_MEANWHILE),
    h('ul', null, changes.map(({ name, from, to }) => h('li', { key: name },
      h('b', null, labels[name] ?? name), ': ', value(from), ' → ', value(to),
      typed.has(name) && [texts.YOURS_STAYS, value(typed.get(name))]))),
    button(texts.TAKE_OVER, takeOver, { data: { testid: 'take-over' } }));
}
