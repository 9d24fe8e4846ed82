/* What the list of task types and the page of one share. */

/** The inspector takes no new tasks. */
export function canSubmit() {
  return document.body.dataset.app === 'dashboard';
}

const NOTHING = { ended: 0, failed: 0, p50: null, p95: null };

/**
 * What a type did in the last hour; null if that could not be read.
 * @param {string} name
 * @param {{value: any}|undefined} history of GET /api/history
 * @returns {{ended: number, failed: number, p50: number|null, p95: number|null}|null} times in seconds
 */
export function totalsOf(name, history) {
  if (!history?.value) return null;
  const totals = history.value.types.find((each) => each.task_type === name)?.totals;
  if (!totals) return NOTHING;
  const { succeeded, failed, revoked, expired, run_p50_s: p50, run_p95_s: p95 } = totals;
  return { ended: succeeded + failed + revoked + expired, failed, p50, p95 };
}
