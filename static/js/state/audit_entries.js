/* The audit as the page holds it: the newest entries, read again and again, above older ones that
   were asked for. Pure. */

/**
 * @typedef {{id: string, at: string, action: string, who: string, why: string|null,
 *   queue: string|null, count: number|null, target: string|null, undo_id: string|null,
 *   undo_until: string|null, undone_at: string|null}} Entry
 * @typedef {{entries: Entry[], next: string|null}} AuditList
 */

/**
 * Put a fresh first page above what is held. Without an overlap there may be a gap between the two:
 * then only the fresh page is kept.
 * @param {AuditList|undefined} held
 * @param {{entries: Entry[], next_cursor: string|null}} page
 * @returns {AuditList}
 */
export function renew(held, page) {
  const fresh = new Set(page.entries.map((entry) => entry.id));
  const older = held?.entries.filter((entry) => !fresh.has(entry.id)) ?? [];
  const joined = held && older.length > 0 && older.length < held.entries.length;
  return joined
    ? { entries: [...page.entries, ...older], next: held.next }
    : { entries: page.entries, next: page.next_cursor };
}

/**
 * Put an older page below what is held.
 * @param {AuditList|undefined} held
 * @param {{entries: Entry[], next_cursor: string|null}} page
 * @returns {AuditList}
 */
export function extend(held, page) {
  const known = new Set(held?.entries.map((entry) => entry.id));
  const older = page.entries.filter((entry) => !known.has(entry.id));
  return { entries: [...(held?.entries ?? []), ...older], next: page.next_cursor };
}

/**
 * Whether an action can still be taken back.
 * @param {Entry} entry
 * @param {number} now server time, milliseconds
 */
export function undoable({ undo_id: id, undo_until: until, undone_at: undone }, now) {
  return Boolean(id && !undone && until && Date.parse(until) > now);
}
