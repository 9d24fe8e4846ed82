/* JSON for reading: indented, coloured by kind, digits as they were sent. Objects and lists fold; what
   is big or deep is folded at first, and only what is open is drawn. Made once for each text, so that
   a redraw of the page neither folds anything nor costs what the text would. */

import { h, mount } from '../lib/dom.js';
import { count, plural } from '../lib/format.js';
import { kindOf, readable } from '../lib/json_text.js';
import { fold, membersOf, outline, unfold } from '../lib/json_tree.js';
import { button, copyButton } from './parts.js';
import * as texts from '../texts/shell.js';

/** Lines and levels that are open at first, and lines that "Unfold all" opens. */
const FIRST_LINES = 120;
const FIRST_LEVELS = 6;
const ALL_LINES = 2_000;
const MORE = 500;
/** Characters of one text: laying out a megabyte would hold up the page. */
const LONGEST = 20_000;
const LONGEST_NAME = 80;
/** A shorter text, in characters, is visible as a whole and needs no search. */
const WORTH_TOOLS = 400;
/** Levels that still move to the right. */
const INDENTED = 40;
const REMEMBERED = 8;
/** @type {Map<string, ReturnType<typeof create>>} */
const made = new Map();
let nextKey = 1;

/** @typedef {import('../lib/json_tree.js').Branch} Branch */

/**
 * @param {string} title
 * @param {string} source JSON text
 * @param {import('../state/actions.js').Actions} actions
 */
export function jsonBlock(title, source, actions) {
  const tree = treeOf(title, source);
  const what = title.toLowerCase();
  return h('section', { class: 'block', key: title },
    h('div', { class: 'block-head' }, h('h3', null, title), h('span', { class: 'block-tools' },
      tree.foldable && [button(texts.EXPAND_ALL, tree.unfoldAll,
        { class: 'quiet', key: 'unfold', 'aria-label': `${texts.EXPAND_ALL} of the ${what}` }),
        button(texts.COLLAPSE_ALL, tree.foldAll, { class: 'quiet', key: 'fold', 'aria-label': `${texts.COLLAPSE_ALL} of the ${what}` })],
      copyButton(actions, source, what))),
    h('div', { key: tree.key, wake: (host) => host.append(tree.element) }));
}

function treeOf(title, source) {
  const name = `${title} ${source}`;
  const tree = made.get(name) ?? create(title, source);
  made.set(name, tree);
  if (made.size > REMEMBERED) made.delete(made.keys().next().value);
  return tree;
}

function create(title, source) {
  const root = outline(source);
  const note = h('p', { class: 'faint', role: 'status' });
  const text = h('pre', {
    class: 'json', tabindex: 0, role: 'group', 'aria-label': title, on: { keydown: steer, focusin: ({ target }) => stopAt(target) },
  });
  function draw() {
    text.replaceChildren(...(root ? branchParts(source, root, 0, title) : [scalar(source.trim())]));
    stopAt(text.querySelector('.fold'));
  }
  const whole = !root || unfold(root, FIRST_LINES, FIRST_LEVELS);
  draw();
  return {
    key: nextKey++,
    element: h('div', null, text, note),
    foldable: !whole || (Boolean(root?.inner.length) && source.length > WORTH_TOOLS),
    unfoldAll() {
      const all = !root || unfold(root, ALL_LINES);
      draw();
      mount(note, all ? null : texts.LARGE);
    },
    foldAll() {
      if (root) fold(root);
      draw();
      mount(note);
    },
  };
}

/**
 * A branch in parts, because the name of a member is between its fold button and the branch itself.
 * @param {string} source
 * @param {Branch} branch
 * @param {number} level
 * @param {string} word what it is, for screen readers
 * @param {(Node|string)[]} name
 * @returns {(Node|string)[]}
 */
function branchParts(source, branch, level, word, name = []) {
  const [left, right] = branch.list ? '[]' : '{}';
  if (!branch.count) return [...name, left + right];
  const many = plural(branch.count, branch.list ? 'item' : 'member');
  const toggle = h('button',
    { type: 'button', class: 'fold', tabindex: -1, data: { level }, 'aria-label': `${word}: ${many}`, on: { click: turn } });
  const body = h('span', null);
  draw();
  return [toggle, ...name, body];

  function turn() {
    branch.open = !branch.open;
    draw();
    stopAt(toggle);
  }
  function draw() {
    toggle.setAttribute('aria-expanded', String(branch.open));
    body.replaceChildren(left, ...(branch.open
      ? [...lines(source, branch, level, 0), rest(source, branch, level), newLine(level), right]
      : [h('span', { class: 'folded', title: 'Expand', on: { click: turn } }, ` ${many} `), right]));
  }
}

/** The members that are shown, from one index on. */
function lines(source, branch, level, from) {
  const last = branch.count - 1;
  return membersOf(source, branch, from, branch.shown).flatMap(({ name, text, branch: inner }, i) => {
    const at = from + i;
    const shown = name ? [h('span', { class: 'j-key' }, shortened(readable(name))), ': '] : [];
    const word = name ? readable(name).slice(1, -1).slice(0, LONGEST_NAME) : `item ${at + 1}`;
    return [newLine(level + 1), ...(inner ? branchParts(source, inner, level + 1, word, shown) : [...shown, scalar(text)]),
      at < last ? ',' : ''];
  });
}

/** What shows more members of a large branch. @returns {Node|string} */
function rest(source, branch, level) {
  const others = branch.count - branch.shown;
  if (others <= 0) return '';
  const more = h('button', { type: 'button', class: 'rest', tabindex: -1, data: { level: level + 1 } },
    `${count(Math.min(MORE, others))} more of ${count(others)}`);
  const place = h('span', null, newLine(level + 1), more);
  more.addEventListener('click', () => {
    const from = branch.shown;
    branch.shown += MORE;
    const text = place.closest('pre');
    const again = rest(source, branch, level);
    place.replaceWith(...lines(source, branch, level, from), again);
    (again instanceof Element ? again.querySelector('button') : text)?.focus();
  });
  return place;
}

function scalar(token) {
  const kind = kindOf(token);
  return kind === 'mark' ? token : h('span', { class: `j-${kind}` }, shortened(readable(token)));
}

function newLine(level) {
  return `\n${'  '.repeat(Math.min(level, INDENTED))}`;
}

function shortened(text) {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${texts.shortened(text.length)})` : text;
}

/** Tab leads to one place in the tree, the last one. @param {HTMLElement|null} place */
function stopAt(place) {
  if (!place?.matches('.fold, .rest')) return;
  for (const other of place.closest('pre')?.querySelectorAll('button[tabindex="0"]') ?? []) other.setAttribute('tabindex', '-1');
  place.setAttribute('tabindex', '0');
}

/** Up and down lead to the next branch, right and left unfold and fold and go in and out, as in any tree. */
function steer(event) {
  const { key, target, currentTarget: text } = event;
  if (!target.matches('.fold, .rest')) return;
  const stops = [...text.querySelectorAll('.fold, .rest')];
  const at = stops.indexOf(target);
  const open = target.getAttribute('aria-expanded');
  const around = stops.slice(0, at).findLast((each) => Number(each.dataset.level) < Number(target.dataset.level));
  const next = { ArrowDown: stops[at + 1], ArrowRight: stops[at + 1], ArrowUp: stops[at - 1], ArrowLeft: around, Home: stops[0],
    End: stops.at(-1) }[key];
  if ((key === 'ArrowRight' && open === 'false') || (key === 'ArrowLeft' && open === 'true')) target.click();
  else if (next) next.focus();
  else return;
  event.preventDefault();
}
