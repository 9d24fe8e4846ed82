/* The chart's data: statistics frames collected into buckets of ten seconds, from the moment the
   page opened. Pure: the same frames give the same buckets. */

export const BUCKET_MS = 10_000;
export const BUCKETS = 36;

/** @typedef {{start: number, success: number, failed: number, other: number, waiting: number}} Bucket */

/**
 * Add what happened between two frames to the bucket that `at` falls into.
 * @param {Bucket[]} history oldest first
 * @param {import('./store.js').Stats|null} before
 * @param {import('./store.js').Stats} frame
 * @param {number} at milliseconds
 * @returns {Bucket[]}
 */
export function addFrame(history, before, frame, at) {
  const start = Math.floor(at / BUCKET_MS) * BUCKET_MS;
  const last = history.at(-1);
  const fresh = { start, success: 0, failed: 0, other: 0, waiting: 0 };
  const bucket = last && last.start >= start ? { ...last } : fresh;
  if (before) {
    // A counter that fell was reset on the server (data deleted): that is no throughput.
    bucket.success += Math.max(0, frame.success_tasks - before.success_tasks);
    bucket.failed += Math.max(0, frame.failed_tasks - before.failed_tasks);
    bucket.other += Math.max(0, others(frame) - others(before));
  }
  bucket.waiting = waitingIn(frame);
  const kept = bucket.start === last?.start ? history.slice(0, -1) : history;
  return [...kept, bucket].slice(-BUCKETS);
}

/** @param {import('./store.js').Stats} frame */
export function waitingIn(frame) {
  return frame.queued_high + frame.queued_default + frame.queued_low;
}

function others(frame) {
  return (frame.revoked_tasks ?? 0) + (frame.expired_tasks ?? 0);
}
