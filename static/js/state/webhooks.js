/* Webhooks and their deliveries as data: their shapes, and what a page says of one. Pure. */

import { jsonObject } from './schedules.js';

/**
 * @typedef {{id: string, url: string|null, description: string, states: string[], task_types: string[], tags: string[],
 *   conditions: string[], enabled: boolean, disabled_at: string|null, disabled_reason: string|null, has_secret: boolean,
 *   created_at: string|null,
 *   updated_at: string|null, last_success_at: string|null, last_failure_at: string|null, failing_since: string|null,
 *   last_error: string|null, recent: {deliveries: number, delivered: number}}} Webhook
 *   `url` is null for that of tasks with a `webhook_url`; with `conditions` it hears of these and of no tasks
 * @typedef {{at: string, duration_ms: number, status: number|null, answer: string|null, error: string|null}} DeliveryAttempt
 * @typedef {{id: string, webhook_id: string, url: string, event: string, condition: string|null,
 *   task_id: string|null, task_type: string|null, queue: string|null,
 *   status: 'pending'|'delivered'|'failed', created_at: string, delivered_at: string|null, next_attempt_at: string|null,
 *   delivered_by: string, attempts: DeliveryAttempt[]}} Delivery `attempts`: the oldest first; of a `condition`
 *   there is no task
 * @typedef {'active'|'failing'|'disabled'} WebhookState
 */

/** The type of the tasks that deliver webhooks: our own, which no caller submits. */
export const DELIVERY_TYPE = 'duckline.webhook';

/** The type of flows, which no task has: a webhook hears of their ends if it names it. */
export const FLOW_TYPE = 'duckline.flow';

/** The events of samples: there is nothing behind them. */
export const SAMPLES = ['task.test', 'flow.test'];

/** What webhooks may hear of, as `CODES` in huey_tasks/monitoring/conditions.py. */
export const CONDITIONS = ['no_consumer', 'data_lost', 'queue_full', 'memory_low', 'failing', 'breaker_open', 'new_cause', 'set_aside',
  'waiting_long', 'paused', 'draining'];

/** @param {Webhook} webhook @returns {WebhookState} */
export function webhookState({ enabled, failing_since: since }) {
  if (!enabled) return 'disabled';
  return since ? 'failing' : 'active';
}

/** When something was sent last, however it went. @param {Webhook} webhook @returns {string|null} */
export function lastSent({ last_success_at: good, last_failure_at: bad }) {
  return [good, bad].filter((at) => at !== null).sort((a, b) => Date.parse(a ?? '') - Date.parse(b ?? '')).pop() ?? null;
}

/** A webhook that needs no look is below one that does; that of `webhook_url` is first. @param {Webhook[]} webhooks */
export function ordered(webhooks) {
  const rank = (webhook) => (webhook.url === null ? 0 : { failing: 1, disabled: 2, active: 3 }[webhookState(webhook)]);
  return [...webhooks].sort((a, b) => rank(a) - rank(b) || Date.parse(a.created_at ?? '') - Date.parse(b.created_at ?? ''));
}

/**
 * The members that a reader has changed, as the body of a request.
 * @param {Record<string, string>} now values as JSON texts
 * @param {Record<string, string>} [first] as they were; without it all are new
 */
export function changedMembers(now, first) {
  return jsonObject(Object.fromEntries(Object.entries(now).filter(([name, text]) => text !== first?.[name])));
}
