/* Tasks as a file: JSON lines (payloads digit for digit as they were sent) or CSV. Made in the browser. */

const COLUMNS = [
  'task_id', 'status', 'task_type', 'queue', 'attempt', 'max_attempts', 'submitted_at', 'started_at', 'finished_at',
  'wait_s', 'run_s', 'worker', 'error', 'cause', 'tags', 'retry_of', 'retried_as', 'payload', 'payload_truncated',
];
const KINDS = { jsonl: 'application/x-ndjson', csv: 'text/csv' };

/** @param {'jsonl'|'csv'} format */
export function writer(format) {
  /** Pieces of the file: one large text would be copied with every page. */
  const parts = format === 'csv' ? [`${COLUMNS.join(',')}\r\n`] : [];
  const line = format === 'csv' ? csvLine : jsonLine;
  return {
    /** @param {import('../state/records.js').Task[]} tasks @returns {number} how many */
    add(tasks) {
      parts.push(tasks.map(line).join(''));
      return tasks.length;
    },
    save() {
      const url = URL.createObjectURL(new Blob(parts, { type: KINDS[format] }));
      const link = document.createElement('a');
      link.href = url;
      link.download = `tasks-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.${format}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    },
  };
}

function jsonLine(task) {
  const members = Object.entries(task).filter(([name]) => name !== 'read_at')
    .map(([name, value]) => `${JSON.stringify(name)}:${name === 'payload' ? value : JSON.stringify(value)}`);
  return `{${members.join(',')}}\n`;
}

function csvLine(task) {
  return `${COLUMNS.map((name) => cell(Array.isArray(task[name]) ? task[name].join(' ') : task[name] ?? '')).join(',')}\r\n`;
}

function cell(value) {
  const text = String(value);
  // A spreadsheet runs what begins like a formula; what a task carries is not ours to trust.
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
