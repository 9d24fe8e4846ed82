/* Which tasks the reader has chosen: rows by id, or everything that the search finds. Pure. */

/** @typedef {{ids: Set<string>, anchor: string|null, everything: boolean}} Selection */

/** @type {Selection} */
export const NOTHING_CHOSEN = { ids: new Set(), anchor: null, everything: false };

/** @param {Selection} selection @param {string} id @returns {Selection} */
export function toggle(selection, id) {
  const ids = new Set(selection.ids);
  if (!ids.delete(id)) ids.add(id);
  return { ids, anchor: id, everything: false };
}

/**
 * Everything from the row chosen last to this one.
 * @param {Selection} selection
 * @param {string} id
 * @param {string[]} rows in order
 * @returns {Selection}
 */
export function extend(selection, id, rows) {
  const [from, to] = [rows.indexOf(selection.anchor ?? id), rows.indexOf(id)];
  if (from < 0 || to < 0) return toggle(selection, id);
  const range = rows.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { ids: new Set([...selection.ids, ...range]), anchor: id, everything: false };
}

/** @param {Selection} selection @param {Set<string>} gone @returns {Selection} */
export function leaveOut(selection, gone) {
  return { ...selection, ids: new Set([...selection.ids].filter((id) => !gone.has(id))) };
}

/** @param {string[]} rows @returns {Selection} */
export function all(rows) {
  return { ids: new Set(rows), anchor: null, everything: false };
}

/** @param {Selection} selection */
export function isEmpty({ ids, everything }) {
  return ids.size === 0 && !everything;
}
