/* Draws only the rows near the window: a table of ten thousand tasks is a few dozen rows and, above
   and below, empty space of the height that the others have. Rows go by blocks, because on a phone
   they are cards of different heights. Owns which blocks are near and how high each is. */

const BLOCK = 20;
/** Windows above and below the visible one. */
const MARGIN = 0.8;
const GUESS_PX = 57;

let near = new Set([0, 1]);
/** @type {Map<number, number>} height by block */
let heights = new Map();
let rowHeight = GUESS_PX;

/** @typedef {{index: number, ids: string[]|null, last: number, height: number}} Stretch
 *   the rows of a block, or (`ids` is null) the space of the blocks from `index` to `last` */

/**
 * @param {string[]} ids all rows in order
 * @returns {Stretch[]}
 */
export function stretches(ids) {
  const focused = /** @type {HTMLElement|null|undefined} */ (document.activeElement?.closest('tbody[data-block]'))?.dataset.block;
  const blocks = Math.ceil(ids.length / BLOCK);
  /** @type {Stretch[]} */
  const found = [];
  for (let index = 0; index < blocks; index += 1) {
    const height = heightOf(index, Math.min(BLOCK, ids.length - index * BLOCK));
    const before = found.at(-1);
    // The row with the focus is kept: without it the keyboard would be at the top of the page.
    if (near.has(index) || focused === String(index)) {
      found.push({ index, ids: ids.slice(index * BLOCK, (index + 1) * BLOCK), last: index, height });
    } else if (before && before.ids === null) {
      before.last = index;
      before.height += height;
    } else found.push({ index, ids: null, last: index, height });
  }
  return found;
}

/** Begin at the top, for another list. */
export function startOver() {
  near = new Set([0, 1]);
  heights = new Map();
}

/**
 * Look again which blocks are near the window.
 * @returns {boolean} whether they are others than before
 */
export function lookAround() {
  const bodies = [...document.querySelectorAll('tbody[data-block]')].map((body) => {
    const { block = '0', last = '0' } = /** @type {HTMLElement} */ (body).dataset;
    return { rows: body.childElementCount, first: Number(block), last: Number(last), drawn: block === last && !body.querySelector('.space'),
      box: body.getBoundingClientRect() };
  });
  const now = new Set();
  for (const { rows, first, last, drawn, box } of bodies) {
    if (drawn && box.height > 0) {
      heights.set(first, box.height);
      rowHeight = box.height / Math.max(1, rows);
    }
    let top = box.top;
    for (let index = first; index <= last; index += 1) {
      const bottom = index === last ? box.bottom : top + heightOf(index, BLOCK);
      if (bottom > -innerHeight * MARGIN && top < innerHeight * (1 + MARGIN)) now.add(index);
      top = bottom;
    }
  }
  if (!bodies.length || (now.size === near.size && [...now].every((index) => near.has(index)))) return false;
  near = now;
  return true;
}

/** The ids of the rows that the reader sees. @returns {string[]} */
export function rowsInSight() {
  return [...document.querySelectorAll('tbody[data-block] .task-row')].filter((row) => {
    const { top, bottom } = row.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  }).map((row) => /** @type {HTMLElement} */ (row).dataset.taskId ?? '');
}

/** Whether the end of what is known comes into sight. */
export function isNearEnd() {
  const last = [...document.querySelectorAll('tbody[data-block]')].at(-1);
  return Boolean(last && last.getBoundingClientRect().bottom < innerHeight * (1 + MARGIN));
}

function heightOf(index, rows) {
  return heights.get(index) ?? rows * rowHeight;
}
