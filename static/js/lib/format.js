/* Numbers, durations and times as people read them. Durations are in seconds, instants are RFC 3339
   texts or milliseconds since 1970; nothing here reads the clock. */

const COUNT = new Intl.NumberFormat('en');
/** @type {Map<string, Intl.DateTimeFormat>} */
const ZONED = new Map();
const LATE_S = -5;
let CLOCK, MINUTE, DAY, DATE, FULL, ZONE;
setZone(undefined);

/** The time zone of every time on the page. @param {string|undefined} timeZone IANA name; undefined: the browser's */
export function setZone(timeZone) {
  CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone });
  MINUTE = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone });
  DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone });
  DATE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone });
  FULL = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long', timeZone });
  ZONE = new Intl.DateTimeFormat('en-GB', { hour: 'numeric', timeZoneName: 'short', timeZone });
}

/** The zone of the times on the page, as it is at that time: "UTC", "GMT+5:30". @param {string|number} at */
export function zoneAt(at) {
  return ZONE.formatToParts(instant(at) ?? 0).find(({ type }) => type === 'timeZoneName')?.value ?? '';
}

/** @param {number|null|undefined} value */
export function count(value) {
  return value === null || value === undefined ? '–' : COUNT.format(value);
}

/**
 * "1 task", "2 tasks".
 * @param {number} n
 * @param {string} one
 * @param {string} [many]
 */
export function plural(n, one, many = `${one}s`) {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** @param {number|null|undefined} seconds */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return '–';
  const total = Math.max(0, seconds);
  if (total < 0.0995) return `${Math.round(total * 1000)} ms`;
  if (total < 59.95) return `${total.toFixed(1)} s`;
  const whole = Math.round(total);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

/**
 * A duration in whole units, for labels that change every second.
 * @param {number|null|undefined} seconds
 */
export function coarse(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  const total = Math.max(0, Math.round(seconds));
  return total < 60 ? `${total} s` : duration(total);
}

/**
 * Seconds between two instants, or null when one of them is missing.
 * @param {string|number|null|undefined} from
 * @param {string|number|null|undefined} to
 */
export function secondsBetween(from, to) {
  const a = instant(from);
  const b = instant(to);
  return a === null || b === null ? null : (b - a) / 1000;
}

/** @param {string|number|null|undefined} at @returns {number|null} milliseconds */
export function instant(at) {
  if (at === null || at === undefined || at === '') return null;
  const ms = typeof at === 'number' ? at : Date.parse(at);
  return Number.isNaN(ms) ? null : ms;
}

/** The time of day, local, with seconds. @param {string|number|null|undefined} at */
export function clock(at) {
  const ms = instant(at);
  return ms === null ? '–' : CLOCK.format(ms);
}

/**
 * "4 s ago", "3 min ago", then the clock, then the day.
 * @param {string|number|null|undefined} at
 * @param {number} now milliseconds
 */
export function ago(at, now) {
  const ms = instant(at);
  if (ms === null) return '–';
  const seconds = Math.max(0, (now - ms) / 1000);
  if (seconds < 1.5) return 'now';
  if (seconds < 60) return `${Math.round(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return seconds < 43200 ? CLOCK.format(ms) : `${DAY.format(ms)}, ${CLOCK.format(ms)}`;
}

/** "in 4 min"; what is over is "now", then "4 min late". @param {string|number|null|undefined} at @param {number} now milliseconds */
export function until(at, now) {
  const seconds = secondsBetween(now, at);
  if (seconds === null) return '–';
  if (seconds <= LATE_S) return `${units(-seconds)} late`;
  return seconds < 0.95 ? 'now' : `in ${units(seconds)}`;
}

/** The day and the time of day in a time zone, with seconds where it has some. @param {string|number} at @param {string} zone IANA name */
export function inZone(at, zone) {
  const ms = instant(at) ?? 0;
  return zoned(zone, ms % 60_000 !== 0).format(ms);
}

/** A zone that this browser does not know is shown as UTC, and says so. */
function zoned(zone, seconds) {
  const key = `${zone} ${seconds}`;
  const known = ZONED.get(key) ?? makeZoned(zone, seconds);
  ZONED.set(key, known);
  return known;
}

function makeZoned(zone, seconds) {
  const shape = /** @type {const} */ ({
    weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit',
    second: seconds ? '2-digit' : undefined,
  });
  try {
    return new Intl.DateTimeFormat('en-GB', { ...shape, timeZone: zone });
  } catch {
    return new Intl.DateTimeFormat('en-GB', { ...shape, timeZone: 'UTC', timeZoneName: 'short' });
  }
}

/** A duration in whole units, rounded down; above an hour two of them. */
function units(seconds) {
  if (seconds < 60) return `${Math.min(59, Math.max(1, Math.round(seconds)))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return two(Math.floor(seconds / 3600), 'h', Math.floor((seconds % 3600) / 60), 'min');
  return two(Math.floor(seconds / 86400), 'd', Math.floor((seconds % 86400) / 3600), 'h');
}

function two(many, unit, few, smaller) {
  return few ? `${many} ${unit} ${few} ${smaller}` : `${many} ${unit}`;
}

/** The time of day without seconds, and the day where that is not today. @param {string|number} at @param {number} now milliseconds */
export function moment(at, now) {
  const ms = instant(at) ?? 0;
  const today = DAY.format(ms) === DAY.format(now);
  return today ? MINUTE.format(ms) : `${DAY.format(ms)}, ${MINUTE.format(ms)}`;
}

/** The day with its year. @param {string|number} at */
export function date(at) {
  return DATE.format(instant(at) ?? 0);
}

/** The whole date and time with its zone, for tooltips. @param {string|number|null|undefined} at */
export function fullTime(at) {
  const ms = instant(at);
  return ms === null ? '' : FULL.format(ms);
}

/** @param {number|null|undefined} value */
export function bytes(value) {
  if (value === null || value === undefined) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let size = Number(value);
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

/**
 * A rate in the unit that leaves a number people can read.
 * @param {number|null|undefined} perSecond
 */
export function rate(perSecond) {
  if (perSecond === null || perSecond === undefined) return '–';
  if (perSecond === 0) return '0';
  for (const [times, unit] of /** @type {const} */ ([[1, 's'], [60, 'min'], [3600, 'h']])) {
    const n = perSecond * times;
    if (n >= 1 || unit === 'h') return `${n >= 100 ? count(Math.round(n)) : Number(n.toPrecision(2))}/${unit}`;
  }
  return '–';
}

/** A share; never rounded to 0 or to 100 %, which would hide something. @param {number|null|undefined} share */
export function percent(share) {
  if (share === null || share === undefined) return '–';
  if (share === 0 || share === 1) return `${share * 100} %`;
  return `${Math.min(99.9, Math.max(0.1, share * 100)).toFixed(1)} %`;
}

/** The first eight characters of a task id. @param {string} id */
export function shortId(id) {
  return id.slice(0, 8);
}

function pad(n) {
  return String(n).padStart(2, '0');
}

/**
 * An error of a function without the id that AWS puts before its message: it is the id of the task.
 * @param {string} error
 */
export function withoutRequestId(error) {
  return error.replace(/RequestId: \S+ Error: /, '');
}
