/* A Python traceback as data: frames and the text between them, what is the task's own and what a
   library's, and what repeats. Pure; components/traceback.js draws it. */

/** @typedef {{kind: 'text', lines: string[]}|{kind: 'frame', lines: string[], own: boolean}} Part */
/** @typedef {{kind: 'text', lines: string[]}|{kind: 'own', lines: string[]}
 *   |{kind: 'foreign', lines: string[], frames: number}|{kind: 'repeat', times: number, frames: number}} Block */

const FRAME = /^[\s|+]*File "(?<file>.*)", line \d+/;
const FOREIGN = /[\\/](?:site|dist)-packages[\\/]|[\\/]lib[\\/](?:python[\d.]+[\\/]|.*\.zip)|^<|[\\/]huey_tasks[\\/](?!tasks[\\/])/;
const LONGEST_CYCLE = 8;
const FOLD_FROM = 3;

/** @param {string} text @returns {Block[]} in the order of the text, none of it left out but repeats */
export function blocksOf(text) {
  return gathered(folded(partsOf(text)));
}

/** @param {string} text @returns {Part[]} */
export function partsOf(text) {
  /** @type {Part[]} */
  const parts = [];
  let indent = 0;
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const frame = FRAME.exec(line);
    const last = parts.at(-1);
    const depth = line.search(/[^\s|]/);
    if (frame) {
      indent = depth;
      parts.push({ kind: 'frame', lines: [line], own: !FOREIGN.test(frame.groups?.file ?? '') });
    } else if (last?.kind === 'frame' && depth > indent) last.lines.push(line);
    else if (last?.kind === 'text') last.lines.push(line);
    else parts.push({ kind: 'text', lines: [line] });
  }
  return parts;
}

/** Frames that come again and again in the same order stand once, with how often. */
function folded(parts) {
  const names = parts.map(({ kind, lines }) => (kind === 'frame' ? lines.join('\n') : null));
  const out = [];
  for (let at = 0; at < parts.length;) {
    const { length, times } = cycleAt(names, at);
    out.push(...parts.slice(at, at + length));
    if (times >= FOLD_FROM) out.push({ kind: 'repeat', times: times - 1, frames: length });
    at += times >= FOLD_FROM ? length * times : length;
  }
  return out;
}

function cycleAt(names, at) {
  for (let length = 1; names[at] !== null && length <= LONGEST_CYCLE; length += 1) {
    if (names.slice(at, at + length).includes(null)) break;
    let times = 1;
    while (sameRun(names, at, at + length * times, length)) times += 1;
    if (times >= FOLD_FROM) return { length, times };
  }
  return { length: 1, times: 1 };
}

function sameRun(names, a, b, length) {
  for (let i = 0; i < length; i += 1) if (names[a + i] !== names[b + i]) return false;
  return true;
}

/** Neighbours of one kind together. @returns {Block[]} */
function gathered(parts) {
  const blocks = [];
  for (const part of parts) {
    const kind = part.kind === 'frame' ? (part.own ? 'own' : 'foreign') : part.kind;
    const last = blocks.at(-1);
    if (kind === 'repeat') blocks.push(part);
    else if (last?.kind === kind) {
      last.lines.push(...part.lines);
      if (kind === 'foreign') last.frames += 1;
    } else blocks.push({ kind, lines: [...part.lines], ...(kind === 'foreign' ? { frames: 1 } : {}) });
  }
  return blocks;
}
