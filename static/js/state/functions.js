/* Functions as data: their shapes, and what a page says of one. Pure. */

/**
 * @typedef {{type: string, message: string, file: string|null, line: number|null, traceback: string|null}} FunctionError
 * @typedef {{init_ms: number|null, queue_ms: number|null, duration_ms: number, billed_ms: number, cpu_ms: number|null,
 *   memory_mb: number, max_memory_mb: number|null, cold: boolean, environment: string, version: string}} Receipt
 * @typedef {{pid: number, state: 'busy'|'idle', hash: string, invocations: number, rss: number|null, environment: string,
 *   queue: string, started_at: string}} Environment
 * @typedef {{name: string, arn: string, state: 'Active'|'Failed'|'Installing', error: FunctionError|null, handler: string,
 *   file: string, line: number|null, hash: string, queue: string, description: string,
 *   limits: {timeout_s: number, memory_mb: number, reserved_concurrency: number|null, retries: number, max_age_s: number},
 *   url: {address: string, auth: string, stream: boolean}|null, environments: Environment[],
 *   counts: {invocations: number, failures: number, p50_ms: number|null, p95_ms: number|null,
 *     cold_starts: number, init_p50_ms: number|null, init_p95_ms: number|null},
 *   last_import: {at: string, init_ms: number|null}|null,
 *   last_error: {message: string, at: string, cause: string, task_id: string|null}|null}} Fn
 * @typedef {Fn & {root: string, runtime: string, code_sha256: string, code_size: number, modified_at: string,
 *   requirements: string|null, env: Record<string, string>, on_success: string|null, on_failure: string|null,
 *   dead_letter: string|null, durable: {timeout_s: number, retention_days: number}|null,
 *   schedule: {expression: string, input: string|null}[], events: object[], watch: string[], debug: boolean,
 *   notes: string[], dead_letters: {file: string, records: number} | null}} FunctionDetail
 * @typedef {{path: string, reason: string}} Ignored what is in a folder of functions and is none
 * @typedef {{task_id: string, status: string, result: string, error: Record<string, any>|null,
 *   log: {at: string, level: string, text: string}[], receipt: Receipt|null}} Invoked `result` is JSON source text
 */

/** The last part of a path. @param {string} path */
export function fileName(path) {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** `wanted`, with a number if a file or folder has that name. @param {string} wanted @param {Ignored[]} ignored */
export function freeName(wanted, ignored) {
  const taken = new Set(ignored.map(({ path }) => fileName(path).replace(/\.py$/, '')));
  for (let number = 1, name = wanted; ; number += 1, name = `${wanted}${number}`) if (!taken.has(name)) return name;
}

/** A place as people write it: `hello.py:3`. @param {string|null} file @param {number|null} line */
export function placeText(file, line) {
  if (!file) return '';
  return line ? `${fileName(file)}:${line}` : fileName(file);
}

/** The environments that hold the present version. @param {Fn} fn */
export function warm(fn) {
  return fn.environments.filter(({ hash }) => hash === fn.hash);
}

/** The line of a function's own file that its error names. @param {Fn} fn */
export function failingLine({ error, file }) {
  return error && error.file === file ? error.line : null;
}

/** What is wrong with a text that should be JSON; empty if nothing is. @param {string} text */
export function jsonFault(text) {
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    return /** @type {Error} */ (error).message;
  }
}
