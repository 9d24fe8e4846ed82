/* The date and time that a clock on the wall shows, as date fields hold it ("2026-11-28T18:00:00"). */

/**
 * @param {number} ms since 1970
 * @param {boolean} utc else the browser's zone
 */
export function wallTime(ms, utc) {
  const shift = utc ? 0 : new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(ms - shift).toISOString().slice(0, 19);
}

/**
 * The instant at which the clock shows it, in RFC 3339.
 * @param {string} text
 * @param {boolean} utc
 * @returns {string|null} null for what is no time
 */
export function fromWall(text, utc) {
  const at = new Date(utc ? `${text}Z` : text);
  return text && !Number.isNaN(at.getTime()) ? at.toISOString() : null;
}
