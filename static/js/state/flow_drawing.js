/* Where each box of a flow's graph is: in columns by depth, from left to right, with the lines between
   them. Pure. */

import { boxesOf, sorted } from './flow_boxes.js';

/**
 * @typedef {import('./flow_boxes.js').Box} Box
 * @typedef {import('./flow_boxes.js').Link} Link
 * @typedef {{box: Box|null, x: number, y: number, width: number, height: number}} Place without a box a line passes through
 * @typedef {{columns: Place[][], lines: string, rescues: string, width: number, height: number, hidden: number}} Drawing
 *   `lines` and `rescues`: SVG paths; `hidden`: how many nodes are in no box, because there are too many
 */

/** A reader sees nothing in more boxes, and a browser draws them slowly. */
export const MOST_BOXES = 400;
const MOST_LANES = 2_000;

const WIDTH = 216;
const GAP_X = 56;
const GAP_Y = 14;
const HEIGHTS = { node: 84, alike: 104, row: 104 };
const LANE = 10;
/** A lower column is in the middle of a higher one, as long as both are in sight. */
const SIGHT = 900;
const SWEEPS = 4;

/** @param {import('./flow_boxes.js').GraphNode[]} nodes of a whole flow @returns {Drawing} */
export function drawingOf(nodes) {
  const { boxes, links } = boxesOf(nodes);
  const { depth } = sorted(boxes.length, links);
  const order = boxes.map((_, at) => at).sort((a, b) => depth[a] - depth[b]);
  const slots = new Map(order.slice(0, MOST_BOXES).map((at) => [at, { box: boxes[at], column: depth[at], before: [] }]));
  const { lanes, steps } = stepsOf(slots, links);
  const all = [...slots.values(), ...lanes];
  const columns = Array.from({ length: 1 + Math.max(...all.map(({ column }) => column)) }, () => /** @type {any[]} */ ([]));
  for (const slot of all) columns[slot.column].push(slot);
  const hidden = order.slice(MOST_BOXES).reduce((sum, at) => sum + boxes[at].members.length, 0);
  return { ...drawn(inOrder(columns), steps), hidden };
}

/** Links from one column to the next; a longer one passes through a lane, which all to the same box share. */
function stepsOf(slots, links) {
  /** @type {Map<string, any>} */
  const lanes = new Map();
  /** @type {Map<string, [any, any, boolean]>} */
  const steps = new Map();
  const names = new Map();
  const nameOf = (slot) => names.get(slot) ?? names.set(slot, names.size).get(slot);
  const step = (from, to, isRescue) => {
    const name = `${nameOf(from)} ${nameOf(to)} ${isRescue}`;
    if (steps.has(name)) return;
    steps.set(name, [from, to, isRescue]);
    to.before.push(from);
  };
  for (const [a, b, isRescue] of links) {
    const [first, last] = [slots.get(a), slots.get(b)];
    if (!first || !last) continue;
    let from = first;
    for (let column = first.column + 1; column < last.column && lanes.size < MOST_LANES; column += 1) {
      const name = `${b} ${column} ${isRescue}`;
      const lane = lanes.get(name) ?? { box: null, column, before: [] };
      lanes.set(name, lane);
      step(from, lane, isRescue);
      from = lane;
    }
    step(from, last, isRescue);
  }
  return { steps: [...steps.values()], lanes: [...lanes.values()] };
}

function drawn(ordered, steps) {
  const heights = ordered.map((column) => column.reduce((sum, slot) => sum + heightOf(slot) + GAP_Y, -GAP_Y));
  const height = Math.max(0, ...heights);
  /** @type {Map<any, Place>} */
  const places = new Map();
  ordered.forEach((column, number) => {
    let y = Math.max(0, (Math.min(height, SIGHT) - heights[number]) / 2);
    for (const slot of column) {
      places.set(slot, { box: slot.box, x: number * (WIDTH + GAP_X), y, width: WIDTH, height: heightOf(slot) });
      y += heightOf(slot) + GAP_Y;
    }
  });
  const path = (wanted) => [
    ...steps.filter(([, , isRescue]) => isRescue === wanted).map(([from, to]) => curve(places.get(from), places.get(to))),
    ...[...new Set(steps.filter(([from, , isRescue]) => isRescue === wanted && !from.box).map(([from]) => from))]
      .map((lane) => through(places.get(lane))),
  ].join('');
  return {
    columns: ordered.map((column) => column.map((slot) => /** @type {Place} */ (places.get(slot))).filter(({ box }) => box)),
    lines: path(false), rescues: path(true), height, width: ordered.length * (WIDTH + GAP_X) - GAP_X,
  };
}

const heightOf = ({ box }) => (box ? HEIGHTS[box.kind] : LANE);

/** Each beside the middle of those before it, so that few lines cross. */
function inOrder(columns) {
  const rank = new Map();
  const note = (column) => column.forEach((slot, at) => rank.set(slot, at / column.length));
  columns.forEach(note);
  const behind = new Map();
  for (const slot of columns.flat()) for (const from of slot.before) behind.set(from, [...(behind.get(from) ?? []), slot]);
  const sortBy = (column, others) => {
    const middle = new Map(column.map((slot) => [slot, mean(others(slot).map((each) => rank.get(each)), rank.get(slot))]));
    column.sort((a, b) => middle.get(a) - middle.get(b));
    note(column);
  };
  const sides = [[columns, (slot) => slot.before], [[...columns].reverse(), (slot) => behind.get(slot) ?? []]];
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const [order, others] = /** @type {any} */ (sides[sweep % 2]);
    for (const column of order) sortBy(column, others);
  }
  return columns;
}

const mean = (numbers, otherwise) => (numbers.length ? numbers.reduce((a, b) => a + b, 0) / numbers.length : otherwise);

const middle = ({ y, height }) => Math.round(y + height / 2);

function curve(from, to) {
  const [x, end] = [from.x + from.width, to.x];
  const bend = Math.round((x + end) / 2);
  return `M${x} ${middle(from)}C${bend} ${middle(from)} ${bend} ${middle(to)} ${end} ${middle(to)}`;
}

const through = (lane) => `M${lane.x} ${middle(lane)}h${lane.width}`;
