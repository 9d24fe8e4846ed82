/* JSON text as a tree of branches, `{…}` and `[…]`, whose members are looked up when they are shown:
   of a megabyte of JSON only what a reader unfolds is ever cut into pieces. Decides what is open at
   first; draws nothing, and keeps every value as its source text. */

import { TOKEN } from './json_text.js';

/** Members of one branch that are shown, at first and with every wish for more. */
const PAGE = 100;
/** Branches at a greater depth start closed. */
const DEEPEST = 100;

/** @typedef {{start: number, end: number, list: boolean, count: number, inner: Branch[], open: boolean, shown: number}} Branch
 *   `inner`: the branches among its `count` members; `shown`: how many members are */
/** @typedef {{name: string, text: string, branch: Branch|null}} Member `name` and `text` are source text; '' for none */

/**
 * The outermost branch of a JSON text, everything folded; null of a text without any.
 * @param {string} source JSON text; of one that is cut off, as far as it goes
 * @returns {Branch|null}
 */
export function outline(source) {
  /** @type {Branch|null} */
  let root = null;
  const way = /** @type {Branch[]} */ ([]);
  // Character by character: tokens of a megabyte would take most of a second.
  for (let at = 0; at < source.length; at += 1) {
    const mark = source[at];
    if (mark <= ' ' || mark === ':') continue;
    const around = way.at(-1);
    if (mark === '}' || mark === ']') {
      if (around) around.end = at + 1;
      way.pop();
      continue;
    }
    if (around && (mark === ',' || around.count === 0)) around.count += 1;
    if (mark === '"') at = endOfText(source, at);
    if (mark !== '{' && mark !== '[') continue;
    const branch = { start: at, end: source.length, list: mark === '[', count: 0, inner: [], open: false, shown: PAGE };
    if (around) around.inner.push(branch);
    root ??= branch;
    way.push(branch);
  }
  return root;
}

function endOfText(source, start) {
  let at = start + 1;
  while (at < source.length && source[at] !== '"') at += source[at] === '\\' ? 2 : 1;
  return at;
}

/**
 * The members of a branch from one index up to another (not included).
 * @param {string} source
 * @param {Branch} branch
 * @param {number} from
 * @param {number} to
 * @returns {Member[]}
 */
export function membersOf(source, branch, from, to) {
  const token = new RegExp(TOKEN);
  token.lastIndex = branch.start + 1;
  const found = /** @type {Member[]} */ ([]);
  let [at, inner, name] = [0, 0, ''];
  for (let match = token.exec(source); match && at < to; match = token.exec(source)) {
    const [text] = match;
    if (text === '}' || text === ']') break;
    if (text === ',') [at, name] = [at + 1, ''];
    else if (!branch.list && !name) name = text;
    else if (text !== ':') {
      const deeper = text === '{' || text === '[' ? branch.inner[inner++] : null;
      if (deeper) token.lastIndex = deeper.end;
      if (at >= from) found.push({ name, text: deeper ? '' : text, branch: deeper });
    }
  }
  return found;
}

/**
 * Open a branch and what is in it, level by level, as long as it stays within a number of lines.
 * @param {Branch} root opened in any case
 * @param {number} lines
 * @param {number} [levels]
 * @returns {boolean} whether everything is open
 */
export function unfold(root, lines, levels = DEEPEST) {
  let left = lines - Math.min(root.count, root.shown);
  let whole = root.count <= root.shown;
  root.open = true;
  let level = root.inner.slice(0, root.shown);
  for (let depth = 1; level.length; depth += 1) {
    const next = /** @type {Branch[]} */ ([]);
    for (const branch of level) {
      const costs = Math.min(branch.count, branch.shown) + 1;
      branch.open = branch.open || (depth < levels && costs <= left);
      if (branch.open) {
        left -= costs;
        next.push(...branch.inner.slice(0, branch.shown));
      }
      whole &&= branch.count <= (branch.open ? branch.shown : 0);
    }
    level = next;
  }
  return whole;
}

/** Fold everything in a branch; the branch itself stays open. @param {Branch} root */
export function fold(root) {
  root.open = true;
  for (const rest = [...root.inner]; rest.length;) {
    const branch = /** @type {Branch} */ (rest.pop());
    if (branch.open) rest.push(...branch.inner);
    branch.open = false;
  }
}
