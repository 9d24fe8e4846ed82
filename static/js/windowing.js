/* Draws only the rows near the window: a table of ten thousand tasks is a few dozen rows and, above
   and below, empty space of the height that the others have. Rows go by blocks, because on a phone
   they are cards of different heights. Owns which blocks are near and how high each is. */

const BLOCK = 30;
const MARGIN = 1.2;
const GUESS_PX = 57;

let near = new Set([0, 1]);
/** @type {Map<number, number>} height by block */
let heights = new Map();
let rowHeight = GUESS_PX;

/** @typedef {{index: number, ids: string[], drawn: boolean, height: number}} Block */

/**
 * @param {string[]} ids all rows in order
 * @returns {Block[]}
 */
export function blocks(ids) {
  const focused = /** @type {HTMLElement|null|undefined} */ (document.activeElement?.closest('tbody[data-block]'))?.dataset.block;
  return Array.from({ length: Math.ceil(ids.length / BLOCK) }, (_, index) => {
    const own = ids.slice(index * BLOCK, (index + 1) * BLOCK);
    return {
      index, ids: own,
      // The row with the focus is kept: without it the keyboard would be at the top of the page.
      drawn: near.has(index) || focused === String(index),
      height: heights.get(index) ?? own.length * rowHeight,
    };
  });
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
  const bodies = blockElements();
  const now = new Set();
  for (const body of bodies) {
    const { top, bottom, height } = body.getBoundingClientRect();
    const index = Number(body.dataset.block);
    if (body.dataset.drawn === 'true' && height > 0) {
      heights.set(index, height);
      rowHeight = height / Math.max(1, body.childElementCount);
    }
    if (bottom > -innerHeight * MARGIN && top < innerHeight * (1 + MARGIN)) now.add(index);
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
  const last = blockElements().at(-1);
  return Boolean(last && last.getBoundingClientRect().bottom < innerHeight * (1 + MARGIN));
}

function blockElements() {
  return /** @type {HTMLElement[]} */ ([...document.querySelectorAll('tbody[data-block]')]);
}
