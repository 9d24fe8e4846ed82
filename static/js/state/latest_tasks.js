/* Which tasks the live list shows, and in which order. While the pointer rests on the list its rows
   keep their places: their contents still change, newcomers wait behind the "n new" pill. Pure. */

/** @typedef {import('./records.js').Task} Task */
/** @typedef {{items: Task[], shown: string[], held: boolean, loaded: boolean}} TaskList */

/** @type {TaskList} */
export const EMPTY_LIST = { items: [], shown: [], held: false, loaded: false };

/**
 * Take a fresh answer of the server.
 * @param {TaskList} list
 * @param {Task[]} tasks newest first
 * @returns {TaskList}
 */
export function receive(list, tasks) {
  const ids = tasks.map((task) => task.task_id);
  if (!list.held || !list.loaded) return { ...list, items: tasks, shown: ids, loaded: true };
  const fresh = new Set(ids);
  // A shown row that the answer no longer has (it left the filter) stays as last seen until released.
  const gone = list.items.filter((t) => list.shown.includes(t.task_id) && !fresh.has(t.task_id));
  return { ...list, items: [...tasks, ...gone], loaded: true };
}

/** @param {TaskList} list @param {boolean} held @returns {TaskList} */
export function hold(list, held) {
  return held ? { ...list, held } : release({ ...list, held });
}

/** Let the newcomers in. @param {TaskList} list @returns {TaskList} */
export function release(list) {
  return { ...list, shown: list.items.map((task) => task.task_id) };
}

/** Put a task of the reader's own at the top, at once. @param {TaskList} list @param {Task} task */
export function insert(list, task) {
  if (list.items.some((item) => item.task_id === task.task_id)) return list;
  return { ...list, items: [task, ...list.items], shown: [task.task_id, ...list.shown] };
}

/** @param {TaskList} list @returns {Task[]} the rows, in order */
export function rows(list) {
  const byId = new Map(list.items.map((task) => [task.task_id, task]));
  return list.shown.map((id) => byId.get(id)).filter((task) => task !== undefined);
}

/** @param {TaskList} list @returns {number} how many newcomers wait */
export function newcomers(list) {
  const shown = new Set(list.shown);
  return list.items.filter((task) => !shown.has(task.task_id)).length;
}
