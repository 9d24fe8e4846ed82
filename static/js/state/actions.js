/* What a reader can do, as the views know it; each room makes its own part, app/actions.js all of it.
   Types only: nothing of this runs. */

/**
 * @typedef {import('./records.js').TaskAction} TaskAction
 * @typedef {import('./records.js').Task} Task
 * @typedef {import('./records.js').Search} Search
 * @typedef {import('./records.js').Wish} Wish
 * @typedef {import('./schedules.js').Schedule} Schedule
 * @typedef {{pointer: string, message: string}} Fault of what was typed; the pointer '' is the whole form
 * @typedef {{message: string, errors: Fault[]}} Refusal a 422, for the form to show
 */

/**
 * @typedef {(tone: 'good'|'bad', text: string,
 *   more?: {taskId?: string, undo?: import('./records.js').Undo}) => void} Toast
 * @typedef {(body: string, payload: string, more?: {key?: string, onLost?: () => void}) =>
 *   Promise<{answer: any, refusal: Refusal|null, lost: boolean}>} Submit JSON texts; `onLost`: there was no answer, it
 *   is sent again; `lost`: there never was one, it may be stored
 * @typedef {(body: string) => Promise<{forecast: any, refusal: Refusal|null}>} Check stores nothing
 * @typedef {(...names: string[]) => void} Reread reads facts again by their names
 */

/**
 * @typedef {object} PageActions
 * @property {(action: import('./store.js').Action) => void} dispatch
 * @property {Toast} toast
 * @property {() => void} redraw with the next frame
 * @property {() => void} drawNow before the next key or click
 * @property {() => void} retryNow connect and read at once
 * @property {() => [string, string][]} pages name and title of each, in order
 * @property {() => void} cycleTheme
 * @property {(text: string, what: string) => Promise<void>} copy
 */

/**
 * @typedef {object} KeyActions
 * @property {(body: string) => Promise<Fault[]>} createKey JSON text; empty: it is done
 * @property {() => void} forgetKey the new one was copied
 * @property {(key: import('./keys.js').Key) => void} askRevokeKey
 * @property {(key: string) => Promise<string>} signIn what is wrong; '' if nothing is
 * @property {() => Promise<void>} signOut
 */

/**
 * @typedef {object} TaskActions
 * @property {() => Search} search that of the address
 * @property {(id: string, range: boolean) => void} choose a row, or take it back; `range`: from the one chosen last
 * @property {Submit} submit
 * @property {Check} check
 * @property {(id: string, body: string) => Promise<Fault[]>} change JSON text of what changes; empty: it is done
 * @property {(id: string) => void} askCancel
 * @property {(id: string) => void} keep do not cancel it
 * @property {(id: string) => Promise<void>} cancel
 * @property {(id: string) => Promise<void>} retry
 * @property {() => void} more read further down
 * @property {() => void} scrolledToEnd read what comes into sight; what takes a long search only on demand
 * @property {() => void} closePanel
 */

/**
 * @typedef {object} BulkActions
 * @property {(wish: Wish|null) => void} wish ask before many are touched
 * @property {(wish: Wish) => Promise<void>} act
 * @property {() => void} stop
 * @property {(id: string) => Promise<void>} remove delete one: what can be undone is not asked about
 * @property {(format: 'jsonl'|'csv', tasks: Task[]|null, search: Search) => Promise<void>} exportTasks those
 *   given, or everything that the search finds
 */

/**
 * @typedef {object} QueueActions
 * @property {(queue: string) => Promise<void>} resume
 * @property {(queue: string) => void} askPause
 * @property {(queue: {queue: string, paused: boolean}) => void} askDrain
 * @property {(queue: {queue: string, queued: number}) => void} askPurge
 */

/**
 * @typedef {object} FailureActions
 * @property {(group: any) => Promise<void>} retryTrial
 * @property {(group: any, rest: boolean) => void} askRetryAll `rest`: a trial went before
 */

/**
 * @typedef {object} AuditActions
 * @property {(ids: string[]) => Promise<void>} undo newest last
 * @property {(action: string) => Promise<void>} olderAudit read the next older page of what `action` filters
 */

/**
 * @typedef {object} ScheduleActions
 * @property {(name: string) => Promise<void>} runSchedule
 * @property {(name: string) => Promise<void>} resumeSchedule
 * @property {(name: string) => void} askPauseSchedule
 * @property {(schedule: Schedule) => void} askDeleteSchedule
 * @property {(name: string, body: string, isNew: boolean) => Promise<Fault[]>} saveSchedule empty: it is done
 * @property {(rule: string) => void} lookAtRule JSON text of the rule that the form has now
 */

/**
 * @typedef {object} FunctionActions
 * @property {(name: string, event: string, type: 'sync'|'async') => Promise<void>} invoke `event` is JSON text
 * @property {(name: string, set: Record<string, any>) => void} noteInvocation what its form shows
 * @property {(name: string, event: string, body: string) => Promise<boolean>} saveEvent `body` is JSON text
 * @property {(name: string, event: string) => Promise<void>} deleteEvent
 */

/**
 * @typedef {import('./webhooks.js').Webhook} Webhook
 * @typedef {object} WebhookActions
 * @property {(webhook: Webhook) => Promise<void>} enableWebhook
 * @property {(webhook: Webhook) => void} askDisableWebhook
 * @property {(webhook: Webhook) => void} askDeleteWebhook
 * @property {(webhook: Webhook) => void} askNewSecret
 * @property {() => void} forgetSecret it is not shown any more
 * @property {(webhook: Webhook) => Promise<void>} testWebhook
 * @property {(webhook: string, delivery: string) => Promise<void>} replayDelivery ids
 * @property {(id: string, body: string) => Promise<Fault[]>} saveWebhook JSON text; without an id it is new; empty: it is done
 */

/**
 * @typedef {object} TypeActions
 * @property {(name: string, body: string) => Promise<Fault[]>} setLimits JSON text; empty: it is done
 * @property {(name: string) => void} askRemoveLimits
 */

/**
 * @typedef {import('./flows.js').Flow} Flow
 * @typedef {object} FlowActions
 * @property {(flow: Flow) => void} askCancelFlow
 * @property {(flow: Flow) => void} askRetryFlow all that failed or were cancelled
 * @property {(flow: Flow, node: string) => void} askRetryFrom that node, and all behind it
 */

/**
 * @typedef {PageActions & TaskActions & BulkActions & QueueActions & FailureActions & AuditActions
 *   & ScheduleActions & FunctionActions & WebhookActions & TypeActions & KeyActions & FlowActions} Actions
 */

export {};
