/* The shapes of what the API sends and the state holds. Types only: nothing of this runs. */

/**
 * @typedef {{queue: string, queued: number, active: number, scheduled: number, retry: number,
 *   success: number, failed: number, revoked: number, expired: number, consumers: number,
 *   kept: {success: number, failed: number, revoked: number, expired: number},
 *   workers: number, paused: boolean, draining: boolean, oldest_waiting_s: number|null, set_aside: number, open_breakers: string[],
 *   losses: string[],
 *   refuses: 'queue_full'|'memory_low'|'queue_unavailable'|null,
 *   last_minute: LastMinute, stopped_by: string|null, stopped_why: string|null, stopped_at: string|null}} QueueStats
 * @typedef {{seconds: number, done: number, failed: number, per_s: number, failure_rate: number|null,
 *   per_s_before: number|null}} LastMinute
 * @typedef {{queued_high: number, queued_default: number, queued_low: number, active_tasks: number,
 *   failed_tasks: number, success_tasks: number, workers_online: number, scheduled_tasks: number,
 *   retry_tasks: number, revoked_tasks: number, expired_tasks: number, queues: QueueStats[],
 *   ts?: string}} Stats
 * @typedef {{task_id: string, status: string, task_type: string, queue: string, payload: string,
 *   result: string, error: string|null, traceback: string|null, attempt: number,
 *   max_attempts: number, progress: {fraction: number, text: string}|null, submitted_at: string,
 *   started_at: string|null, finished_at: string|null, next_retry_at: string|null,
 *   scheduled_for: string|null, updated_at?: string, worker: string|null, deliveries?: number, crashes?: number,
 *   losses?: number, tags?: string[], queue_priority?: number,
 *   cause?: string|null, retry_of?: string|null, schedule?: string|null, flow_id?: string|null, retried_as?: string|null,
 *   gate?: string|null, wait_s?: number|null, run_s?: number|null, payload_truncated?: boolean, attempts?: Attempt[],
 *   reported?: string|null, invocation?: {type: string, arn: string, condition: string|null}|null,
 *   log?: {at: string, level: string, text: string}[]}} Task payload and result are JSON source text
 * @typedef {{attempt: number, state: string, started_at: string|null, ended_at: string|null,
 *   worker: string|null, error: string|null, traceback: string|null,
 *   receipt?: import('./functions.js').Receipt|null}} Attempt
 * @typedef {{code: string, text: string, requestId?: string, errors?: {pointer: string, message: string}[]}} Problem
 * @typedef {import('../lib/router.js').Search} Search
 * @typedef {import('../lib/router.js').Route} Route
 * @typedef {{title: string, text: string, verb: string, danger?: boolean, typed?: string[],
 *   run: (reason: string) => Promise<void>}} Question `typed`: what may be typed to confirm it
 * @typedef {string[]|(() => void)} Undo ids that the server takes back, or what does it
 * @typedef {{id: number, tone: 'good'|'bad', text: string, taskId?: string, undo: Undo|null}} Toast
 * @typedef {'cancel'|'retry'|'requeue'|'delete'} TaskAction
 * @typedef {{action: TaskAction, ids: string[]|null, search: Search|null, count: number|null, reason?: string}} Wish
 *   `ids`, or everything that `search` finds; `reason` is for the audit
 */

export {};
