/* What a worker does. Pure. */

/**
 * Whether it runs a task. It has a start also where the reader's key does not reach the task, and so
 * its id is hidden.
 * @param {{started_at: string|null}} worker
 */
export const isBusy = (worker) => worker.started_at !== null;
