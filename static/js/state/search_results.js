/* What a search has found so far: rows in order, newcomers that wait, and how far was looked. While
   the reader is busy with the list (`held`) no row moves: contents change in place, newcomers wait
   behind the "n new" pill, and a row that no longer fits stays, marked as having left. Pure. */

/** @typedef {import('./records.js').Task} Task */
/** @typedef {{tasks: Task[], next_cursor: string|null, scanned: number, complete: boolean, scanned_back_to: string|null}} Answer */
/** @typedef {{rows: string[], byId: Map<string, Task>, left: Set<string>, waiting: string[], latest: Answer|null,
 *   marks: {at: string, cursor: string}[], next: string|null, scanned: number,
 *   backTo: string|null, held: boolean, eased: boolean, loaded: boolean, goingOn: boolean}} Found
 *   `marks`: where pages ended, newest first; `latest`: a head that does not reach down to the rows;
 *   `eased`: the next answer may move rows though they are held */

const MOST_ROWS = 20_000;
const KEPT_ROWS = 10_000;
/** Sorts behind every instant. */
const TOP = '~';

/** @returns {Found} */
export function nothingFound() {
  return {
    rows: [], byId: new Map(), left: new Set(), waiting: [], latest: null, marks: [], next: null, scanned: 0,
    backTo: null, held: false, eased: false, loaded: false, goingOn: false,
  };
}

/**
 * An instant as a text that sorts: the server's have from none to six digits behind the point.
 * @param {string|null} at
 */
export function instantKey(at) {
  if (!at) return '';
  const [, second, digits = ''] = /^([^.Z+]+)(?:\.(\d+))?/.exec(at) ?? ['', at];
  return `${second}.${digits.padEnd(6, '0')}`;
}

/**
 * Merge a new reading of the newest page.
 * @param {Found} found
 * @param {Answer} answer
 * @returns {Found}
 */
export function receiveHead(found, answer) {
  if (found.eased) return { ...receiveHead({ ...found, held: false, eased: false }, answer), held: found.held };
  const whole = answer.next_cursor === null || (answer.complete && answer.tasks.length > 0);
  if (!found.loaded || (!found.held && !found.goingOn && whole)) return asNew(found, answer);
  const bottom = bottomOf(answer);
  const top = found.rows.length ? instantKey(found.byId.get(found.rows[0])?.submitted_at ?? null) : '';
  // A page that is not full ends where the time was up: nothing that fits lies above that.
  if (found.rows.length && answer.complete && bottom > top) {
    // More tasks came than one page holds, so there is a gap between it and the rows.
    return found.held ? { ...found, latest: answer } : asNew(found, answer);
  }
  return merge(found, answer, TOP, bottom);
}

/** Take a page further down for the first time. @param {Found} found @param {Answer} answer @returns {Found} */
export function receiveMore(found, answer) {
  const byId = new Map(found.byId);
  const known = new Set([...found.rows, ...found.waiting]);
  for (const task of answer.tasks) byId.set(task.task_id, task);
  return {
    ...found, byId, goingOn: true,
    rows: [...found.rows, ...answer.tasks.map((task) => task.task_id).filter((id) => !known.has(id))],
    marks: [...found.marks, ...markOf(answer)],
    next: answer.next_cursor, scanned: found.scanned + answer.scanned, backTo: answer.scanned_back_to,
  };
}

/**
 * Merge a new reading of a known page.
 * @param {Found} found
 * @param {Answer} answer
 * @param {string} cursor where the page began
 * @returns {Found}
 */
export function receiveAgain(found, answer, cursor) {
  const mark = found.marks.find((each) => each.cursor === cursor);
  return mark ? merge(found, answer, mark.at, bottomOf(answer)) : found;
}

/** Let the newcomers in, and those go that have left. @param {Found} found @returns {Found} */
export function letIn(found) {
  if (found.latest) return asNew(found, found.latest);
  if (!found.waiting.length && !found.left.size) return found;
  const rows = inOrder([...found.rows, ...found.waiting].filter((id) => !found.left.has(id)), found.byId);
  return forget({ ...found, rows, waiting: [], left: new Set() });
}

/** How many newcomers wait. @param {Found} found */
export function newcomers({ latest, waiting }) {
  return latest ? latest.tasks.length : waiting.length;
}

/** @param {Found} found @param {boolean} held @returns {Found} */
export function hold(found, held) {
  if (held === found.held) return found;
  return held ? { ...found, held } : letIn({ ...found, held });
}

/** Put in a task of the reader's own at once. @param {Found} found @param {Task} task @returns {Found} */
export function insert(found, task) {
  if (!found.loaded || found.byId.has(task.task_id)) return found;
  const byId = new Map(found.byId).set(task.task_id, task);
  return { ...found, byId, rows: [task.task_id, ...found.rows] };
}

/** Take tasks out that the reader has deleted. @param {Found} found @param {Set<string>} ids @returns {Found} */
export function without(found, ids) {
  return forget({ ...found, rows: found.rows.filter((id) => !ids.has(id)), waiting: found.waiting.filter((id) => !ids.has(id)) });
}

/** The cursor of the page that a row belongs to, null for the first page. @param {Found} found @param {string} id */
export function cursorOf(found, id) {
  const at = instantKey(found.byId.get(id)?.submitted_at ?? null);
  return found.marks.findLast((mark) => mark.at > at)?.cursor ?? null;
}

function asNew(found, answer) {
  return {
    ...nothingFound(), held: found.held, loaded: true,
    rows: answer.tasks.map((task) => task.task_id), byId: new Map(answer.tasks.map((task) => [task.task_id, task])),
    marks: markOf(answer), next: answer.next_cursor, scanned: answer.scanned, backTo: answer.scanned_back_to,
  };
}

/** `top` and `bottom` (not included) bound what the answer speaks of. */
function merge(found, answer, top, bottom) {
  const byId = new Map(found.byId);
  for (const task of answer.tasks) byId.set(task.task_id, task);
  const fresh = new Set(answer.tasks.map((task) => task.task_id));
  const known = new Set([...found.rows, ...found.waiting]);
  const left = new Set(found.left);
  for (const id of known) {
    const at = instantKey(found.byId.get(id)?.submitted_at ?? null);
    if (fresh.has(id)) left.delete(id);
    else if (at > bottom && at < top) left.add(id);
  }
  const waiting = [...answer.tasks.map((task) => task.task_id).filter((id) => !known.has(id)), ...found.waiting];
  const next = { ...found, byId, left, waiting: inOrder(waiting, byId), latest: top === TOP ? null : found.latest };
  return found.held ? next : cut(letIn(next));
}

function bottomOf(answer) {
  return answer.next_cursor === null ? '' : instantKey(answer.scanned_back_to);
}

function markOf(answer) {
  return answer.next_cursor === null ? [] : [{ at: instantKey(answer.scanned_back_to), cursor: answer.next_cursor }];
}

function inOrder(ids, byId) {
  const key = (id) => instantKey(byId.get(id)?.submitted_at ?? null) + id;
  return ids.map((id) => [key(id), id]).sort(([a], [b]) => (a < b ? 1 : a > b ? -1 : 0)).map(([, id]) => id);
}

/** A page that is left open does not grow for ever: what is cut off is read again when it is wanted. */
function cut(found) {
  if (found.rows.length <= MOST_ROWS) return found;
  const end = found.marks.findLast((mark) => mark.at > instantKey(found.byId.get(found.rows[KEPT_ROWS])?.submitted_at ?? null));
  if (!end) return found;
  const rows = found.rows.filter((id) => instantKey(found.byId.get(id)?.submitted_at ?? null) >= end.at);
  return forget({ ...found, rows, marks: found.marks.slice(0, found.marks.indexOf(end) + 1), next: end.cursor });
}

function forget(found) {
  const kept = new Set([...found.rows, ...found.waiting]);
  return { ...found, byId: new Map([...found.byId].filter(([id]) => kept.has(id))) };
}
