/* What is true of the service and matters, as data: one ordered list, the most severe first. Words
   and links are made of it in verdict.js. huey_tasks/monitoring/conditions.py has the same rules for the
   API, and a test holds both together. Pure: no clock, no network, no page. */

/**
 * @typedef {'broken'|'losing'|'late'|'stopped'|'fine'} Severity `broken`: nothing can work, or tasks are lost;
 *   `losing`: tasks fail; `late`: they wait too long; `stopped`: an operator stopped a queue
 * @typedef {{page: string, item?: string|null, params?: Record<string, string>}|{tasks: Record<string, string>}} Target
 * @typedef {{code: string, severity: Severity, queues: string[], number: number|null, cause: any,
 *   link: Target|null}} Condition `number`: what it is about (a share, a count, seconds); `cause`: the
 *   group of failures, the queue or the problem behind it
 * @typedef {{stats: import('./records.js').Stats|null, problem: import('./records.js').Problem|null,
 *   socket: string, causes: any[], now: number}} Seen `causes`: groups of failures, without samples;
 *   `now`: server time, milliseconds
 */

/** From which share of failed tasks on a queue is losing work, and how long a task may wait. */
export const FAILING = 0.1;
export const LATE_S = 60;
/** A cause that was first seen within this time is new. */
export const NEW_MS = 10 * 60_000;
const RECENT_MS = 150_000;

/** The first condition in this order that holds is the headline. @type {[string, Severity, (seen: Seen) => Partial<Condition>[]][]} */
const RULES = [
  ['unreachable', 'broken', problemOf('unreachable')],
  ['redis_away', 'broken', problemOf('queue_unavailable')],
  ['key_needed', 'broken', problemOf('unauthorized')],
  ['server_error', 'broken',
    ({ problem }) => (problem && !['unreachable', 'queue_unavailable', 'unauthorized'].includes(problem.code) ? [{ cause: problem }] : [])],
  ['no_writes', 'broken', (seen) => refusing(seen, 'queue_unavailable')],
  ['no_consumer', 'broken', (seen) => together(seen, (queue) => queue.consumers === 0, { page: 'workers' })],
  ['all_paused', 'broken', allPaused],
  ['data_lost', 'broken', dataLost],
  ['queue_full', 'losing', (seen) => together(seen, (queue) => queue.refuses === 'queue_full', { page: 'queues' })],
  ['memory_low', 'losing', (seen) => refusing(seen, 'memory_low')],
  ['failing', 'losing', failing],
  ['breaker_open', 'losing', openBreakers],
  ['new_cause', 'losing', newCauses],
  ['set_aside', 'losing', setAside],
  ['waiting_long', 'late', waitingLong],
  ['paused', 'stopped', (seen) => stopped(seen, (queue) => queue.paused)],
  ['draining', 'stopped', (seen) => stopped(seen, (queue) => queue.draining)],
];

/**
 * All conditions that hold, the most severe first; none means that all is well.
 * @param {Seen} seen
 * @returns {Condition[]}
 */
export function conditions(seen) {
  return RULES.flatMap(([code, severity, find]) => find(seen).map((found) => ({
    code, severity, queues: [], number: null, cause: null, link: null, ...found,
  })));
}

function problemOf(code) {
  return ({ problem }) => (problem?.code === code ? [{ cause: problem }] : []);
}

/** What is known is old while there is a problem: it is not judged. */
function known({ stats, problem }) {
  return stats && !problem ? stats.queues : [];
}

function together(seen, holds, link) {
  const queues = known(seen).filter(holds);
  return queues.length ? [{ queues: names(queues), number: sum(queues, 'queued'), link }] : [];
}

/** First, because nothing starts, whatever else is wrong. */
function allPaused(seen) {
  return known(seen).every(({ paused }) => paused) ? together(seen, () => true, { page: 'queues' }) : [];
}

function dataLost(seen) {
  const queues = known(seen).filter((queue) => queue.losses?.length);
  return queues.length ? [{ queues: names(queues), cause: { losses: queues.flatMap(({ losses }) => losses) } }] : [];
}

/** Queues that refuse tasks because of Redis. */
function refusing(seen, code) {
  const queues = known(seen).filter((queue) => queue.refuses === code);
  return queues.length ? [{ queues: names(queues), link: { page: 'redis' } }] : [];
}

/** Each queue that fails too often, the worst first, with what makes most of it fail. */
function failing(seen) {
  return known(seen)
    .filter(({ last_minute: m }) => m?.failed > 0 && m.failure_rate >= FAILING)
    .sort((a, b) => b.last_minute.failed - a.last_minute.failed)
    .map((queue) => {
      const cause = mainCause(seen, queue.queue);
      return { queues: [queue.queue], number: queue.last_minute.failure_rate, cause, failed: queue.last_minute.failed,
        done: queue.last_minute.done, link: linkTo(cause, queue.queue) };
    });
}

function mainCause({ causes, now }, queue) {
  const lately = causes.filter((group) => group.queues.includes(queue) && now - Date.parse(group.last_seen) < RECENT_MS);
  return lately.sort((a, b) => (b.trend?.at(-1) ?? 0) - (a.trend?.at(-1) ?? 0) || b.count - a.count)[0] ?? null;
}

function linkTo(cause, queue) {
  return cause ? { page: 'failures', params: { cause: cause.fingerprint } } : { tasks: { queue, state: 'failed' } };
}

/** Causes that were first seen recently, the most frequent first. @param {Pick<Seen, 'causes'|'now'>} seen */
export function freshCauses({ causes, now }) {
  return causes.filter((group) => now - Date.parse(group.first_seen) < NEW_MS).sort((a, b) => b.count - a.count);
}

/** New causes, without those that a failing queue's own line already names. */
function newCauses(seen) {
  if (!known(seen).length) return [];
  const named = failing(seen).map(({ cause }) => cause?.fingerprint);
  const fresh = freshCauses(seen).filter(({ fingerprint }) => !named.includes(fingerprint));
  return fresh.length ? [{ queues: fresh[0].queues, number: fresh.length, cause: fresh[0],
    link: { page: 'failures', params: fresh.length > 1 ? { sort: 'first' } : { cause: fresh[0].fingerprint } } }] : [];
}

/** The types whose breaker holds tasks back, over all queues, as one. */
function openBreakers(seen) {
  const queues = known(seen).filter((queue) => queue.open_breakers?.length);
  const types = [...new Set(queues.flatMap((queue) => queue.open_breakers))];
  return types.length ? [{ queues: names(queues), number: types.length, cause: { types },
    link: { page: 'types', item: types.length === 1 ? types[0] : null } }] : [];
}

function setAside(seen) {
  const queues = known(seen).filter((queue) => queue.set_aside > 0);
  return queues.length ? [{ queues: names(queues), number: sum(queues, 'set_aside'), link: { page: 'queues' } }] : [];
}

/** Waiting tasks are expected in a queue that an operator paused. */
function waitingLong(seen) {
  return known(seen)
    .filter((queue) => queue.queued > 0 && queue.oldest_waiting_s >= LATE_S && !queue.paused && queue.consumers > 0)
    .sort((a, b) => b.oldest_waiting_s - a.oldest_waiting_s)
    .map((queue) => ({ queues: [queue.queue], number: queue.oldest_waiting_s, cause: queue,
      link: { tasks: { queue: queue.queue, state: 'waiting' } } }));
}

function stopped(seen, holds) {
  return known(seen).filter(holds).map((queue) => ({ queues: [queue.queue], number: queue.queued, cause: queue,
    link: { page: 'queues' } }));
}

function names(queues) {
  return queues.map(({ queue }) => queue);
}

function sum(queues, field) {
  return queues.reduce((total, queue) => total + queue[field], 0);
}
