/* Which nodes of a flow share a box when its graph is drawn: those that look alike, and the middle of a
   long row. Pure. */

/**
 * @typedef {{key: string, kind: 'node'|'alike'|'row', members: number[]}} Box `key`: the name of its first node; `members`:
 *   numbers of nodes, in order
 * @typedef {[number, number, boolean]} Link from one to another; whether it is for a failure
 * @typedef {{name: string, task_type: string, after: string[], on_failure: string|null}} GraphNode
 */

/** Nodes that look alike, or that are in a row, have a box each up to this number. */
const FEW = 5;

/** @param {GraphNode[]} nodes of a whole flow @returns {{boxes: Box[], links: Link[]}} links between boxes, each once */
export function boxesOf(nodes) {
  const links = linksOf(nodes);
  const boxes = withRows(nodes, alike(nodes, links), links);
  return { boxes, links: linksBetween(boxes, links, nodes.length) };
}

/** @param {GraphNode[]} nodes @returns {Link[]} */
function linksOf(nodes) {
  const numbers = new Map(nodes.map(({ name }, number) => [name, number]));
  /** @type {Link[]} */
  const links = [];
  nodes.forEach(({ after, on_failure: rescue }, number) => {
    for (const name of after) if (numbers.has(name)) links.push([numbers.get(name) ?? 0, number, false]);
    if (rescue !== null && numbers.has(rescue)) links.push([number, numbers.get(rescue) ?? 0, true]);
  });
  return links;
}

/**
 * What is before and behind each, an order in which nothing is before what it follows, and the depth of each.
 * @param {number} size
 * @param {Link[]} links
 */
export function sorted(size, links) {
  const before = Array.from({ length: size }, () => /** @type {[number, boolean][]} */ ([]));
  const behind = Array.from({ length: size }, () => /** @type {[number, boolean][]} */ ([]));
  for (const [from, to, isRescue] of links) {
    before[to].push([from, isRescue]);
    behind[from].push([to, isRescue]);
  }
  const left = before.map((each) => each.length);
  const order = left.flatMap((number, at) => (number ? [] : [at]));
  const depth = new Array(size).fill(0);
  for (let i = 0; i < order.length; i += 1) {
    for (const [to] of behind[order[i]]) {
      depth[to] = Math.max(depth[to], depth[order[i]] + 1);
      left[to] -= 1;
      if (!left[to]) order.push(to);
    }
  }
  return { before, behind, order, depth };
}

/** @returns {Box[]} in the order of the nodes */
function alike(nodes, links) {
  const kinds = kindsOf(nodes, sorted(nodes.length, links));
  /** @type {Map<number, number[]>} */
  const groups = new Map();
  kinds.forEach((kind, number) => groups.set(kind, [...(groups.get(kind) ?? []), number]));
  return [...groups.values()].map((members) => boxOf(nodes, members.length > 1 ? 'alike' : 'node', members));
}

/** @returns {Box} */
const boxOf = (nodes, kind, members) => ({ key: nodes[members[0]].name, kind, members });

/**
 * A number for each node: those with the same one share a box. They are of one type and depth, and have the same boxes
 * before and behind them. Numbers split until that holds; one that only few have splits, too.
 */
function kindsOf(nodes, { before, behind, order, depth }) {
  let kinds = numbered(nodes.map(({ task_type: type }, at) => `${depth[at]} ${type}`));
  const backwards = [...order].reverse();
  for (let known = 0, now = kinds.count; known !== now;) {
    known = now;
    kinds = refined(refined(kinds.numbers, order, before).numbers, backwards, behind);
    if (kinds.count === known) kinds = withoutFew(kinds.numbers);
    now = kinds.count;
  }
  return kinds.numbers;
}

/** Split by what each has at one side; an order in which that side has been split already ends it in one pass. */
function refined(kinds, order, sides) {
  const names = new Array(kinds.length).fill('');
  /** @type {Map<string, number>} */
  const known = new Map();
  const now = new Array(kinds.length).fill(-1);
  for (const at of order) {
    const side = [...new Set(sides[at].map(([other, isRescue]) => `${now[other]}${isRescue ? '!' : ''}`))].sort();
    names[at] = `${kinds[at]} ${side.join()}`;
    if (!known.has(names[at])) known.set(names[at], known.size);
    now[at] = known.get(names[at]);
  }
  return { numbers: now, count: known.size };
}

function withoutFew(kinds) {
  /** @type {Map<number, number>} */
  const sizes = new Map();
  for (const kind of kinds) sizes.set(kind, (sizes.get(kind) ?? 0) + 1);
  return numbered(kinds.map((kind, at) => ((sizes.get(kind) ?? 0) > FEW ? `${kind}` : `one ${at}`)));
}

/** @param {string[]} names @returns {{numbers: number[], count: number}} */
function numbered(names) {
  const known = new Map([...new Set(names)].map((name, number) => [name, number]));
  return { numbers: names.map((name) => known.get(name) ?? 0), count: known.size };
}

/** Fold the middle of each row of boxes that have one box before and one behind them. */
function withRows(nodes, boxes, links) {
  const { before, behind, order } = sorted(boxes.length, linksBetween(boxes, links, nodes.length));
  const next = (at) => {
    const [only, ...others] = behind[at];
    return only && !others.length && !only[1] && before[only[0]].length === 1 ? only[0] : -1;
  };
  const gone = new Set();
  /** @type {Box[]} */
  const rows = [];
  for (const first of order) {
    const isBegin = !(before[first].length === 1 && next(before[first][0][0]) === first);
    const row = isBegin ? rowFrom(first, next) : [];
    const middle = row.slice(1, -1);
    if (middle.length <= FEW || middle.some((at) => boxes[at].kind !== 'node')) continue;
    middle.forEach((at) => gone.add(at));
    rows.push(boxOf(nodes, 'row', middle.flatMap((at) => boxes[at].members)));
  }
  return [...boxes.filter((_, at) => !gone.has(at)), ...rows];
}

function rowFrom(first, next) {
  const row = [];
  for (let at = first; at >= 0; at = next(at)) row.push(at);
  return row;
}

/** @returns {Link[]} each once */
function linksBetween(boxes, links, size) {
  const boxAt = new Array(size).fill(-1);
  boxes.forEach(({ members }, box) => members.forEach((number) => { boxAt[number] = box; }));
  /** @type {Map<string, Link>} */
  const found = new Map();
  for (const [from, to, isRescue] of links) {
    const [a, b] = [boxAt[from], boxAt[to]];
    if (a !== b) found.set(`${a} ${b} ${isRescue}`, [a, b, isRescue]);
  }
  return [...found.values()];
}
