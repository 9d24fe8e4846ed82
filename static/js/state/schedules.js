/* Schedules as the pages hold them: their order, and their definition as the API takes it. Pure. */

/**
 * @typedef {{name: string, task_type: string, queue: string, payload: string, tags: string[],
 *   cron: string|null, every_s: number|null, timezone: string, run_at: string|null, overlap: boolean, declared: boolean, paused: boolean,
 *   words: string, next_run_at: string|null, next_runs: string[], last_run_at: string|null,
 *   last_task_id: string|null, last_status: string|null, runs: number, skipped: number,
 *   missed: number, problem: string|null, created_at: string, updated_at: string}} Schedule
 *   payload is JSON source text
 * @typedef {'name'|'next'} Order
 */

/** What the form is filled with before anyone has typed. */
export const FIRST_RULE = { cron: '0 3 * * *', every_s: null, timezone: 'UTC' };
export const NO_RULE = { cron: null, every_s: null, timezone: 'UTC', run_at: null };
export const UNITS = { second: 1, minute: 60, hour: 3_600, day: 86_400 };

/**
 * Those whose name, task type, queue or tag holds the text: what needs a look first, then by name, or
 * by the next run. By name, because rows that move while one reads them are clicked by mistake.
 * @param {Schedule[]} schedules
 * @param {Order} order
 * @param {string} text
 */
export function shown(schedules, order, text) {
  const wanted = text.trim().toLowerCase();
  const due = ({ next_run_at: at }) => (at ? Date.parse(at) : Infinity);
  const byName = (a, b) => (a.name < b.name ? -1 : 1);
  const byDue = (a, b) => (due(a) === due(b) ? byName(a, b) : due(a) - due(b));
  return schedules
    .filter(({ name, task_type: type, queue, tags }) => [name, type, queue, ...tags].some((each) => each.toLowerCase().includes(wanted)))
    .sort((a, b) => Number(Boolean(b.problem)) - Number(Boolean(a.problem)) || (order === 'next' ? byDue : byName)(a, b));
}

/**
 * A schedule as POST /api/schedules takes it: what makes a deleted one again.
 * @param {Schedule} schedule
 */
export function definitionOf({ name, task_type, queue, payload, tags, cron, every_s, timezone, run_at, overlap, paused }) {
  return jsonObject({
    name: JSON.stringify(name), task_type: JSON.stringify(task_type), priority: JSON.stringify(queue), payload, tags: JSON.stringify(tags),
    ...triggerOf({ cron, every_s, timezone, run_at }),
    overlap: String(overlap), paused: String(paused),
  });
}

/** @param {Pick<Schedule, 'cron'|'every_s'|'timezone'|'run_at'>} schedule @returns {Record<string, string>} values as JSON texts */
function triggerOf({ cron, every_s, timezone, run_at }) {
  if (cron !== null) return { cron: JSON.stringify(cron), timezone: JSON.stringify(timezone) };
  return run_at === null ? { every_s: String(every_s) } : { run_at: JSON.stringify(run_at) };
}

/** @param {Record<string, string>} members values as JSON texts */
export function jsonObject(members) {
  return `{${Object.entries(members).map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
}

/** The largest unit that a number of seconds is whole in. @param {number} seconds @returns {[number, string]} */
export function inUnits(seconds) {
  const [unit, size] = Object.entries(UNITS).reverse().find(([, each]) => seconds % each === 0) ?? ['second', 1];
  return [seconds / size, unit];
}

/** What finds the tasks that a schedule has made. @param {string} name */
export const runsOf = (name) => `tag:schedule:${name}`;
