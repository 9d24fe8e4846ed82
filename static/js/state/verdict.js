/* The whole state of the service in one sentence: what is going on, why, and where to look. Pure. */

import { conditions } from './conditions.js';
import { ago, percent } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { startCommand, writeOff } from '../lib/own_command.js';
import { serverNow } from './page_state.js';
import { startConsumer } from '../texts/common.js';
import { CONNECTING, SHOWING_LAST, TRYING_AGAIN, VERDICT } from '../texts/overview.js';

/**
 * @typedef {import('./conditions.js').Condition & {title: string, text: string, more: string,
 *   commands?: string[], retry?: boolean}} Said `more`: what the link is called
 * @typedef {{severity: import('./conditions.js').Severity, tone: 'good'|'busy'|'warn'|'bad',
 *   title: string, text: string, conditions: Said[]}} Verdict the first condition, if there is one,
 *   is the headline
 */

const TONES = { broken: 'bad', losing: 'bad', late: 'warn', stopped: 'warn' };

/**
 * @param {import('./store.js').State} state
 * @param {string} origin of this page
 * @returns {Verdict}
 */
export function verdict(state, origin) {
  const { stats, problem, socket, facts } = state;
  const now = serverNow(state);
  const all = conditions({ stats, problem, socket, now, causes: facts.causes?.value ?? [] })
    .map((one) => ({ ...one, title: '', more: '', text: '', ...WORDS[one.code](one, { state, origin, now }) }));
  if (all.length) return { severity: all[0].severity, tone: TONES[all[0].severity], title: all[0].title, text: all[0].text,
    conditions: all };
  return { severity: 'fine', conditions: [],
    ...(stats ? fine(stats) : { tone: 'good', title: CONNECTING, text: socket === 'closed' ? TRYING_AGAIN : '' }) };
}

/**
 * How bad it is, for what has room for one word or a colour only (title, favicon).
 * @param {Verdict} verdict
 */
export const severity = (verdict) => verdict.severity;

/** @type {Record<string, (condition: any, about: {state: import('./store.js').State, origin: string, now: number}) => Partial<Said>>} */
const WORDS = {
  unreachable: (_, { state, origin }) => ({
    title: VERDICT.unreachable.title, retry: true, commands: [startCommand()],
    text: `${state.stats ? SHOWING_LAST : ''}${VERDICT.unreachable.text(origin)}`,
  }),
  redis_away: ({ cause }, { state }) => ({
    title: VERDICT.redisAway.title, retry: true, text: `${cause.text} ${state.stats ? SHOWING_LAST : ''}${VERDICT.redisAway.text}`,
  }),
  key_needed: () => VERDICT.keyNeeded,
  server_error: ({ cause }) => ({ title: VERDICT.serverError.title, text: `${cause.text} (${cause.code})`, retry: true }),
  no_writes: () => VERDICT.noWrites,
  no_consumer: ({ queues, number }) => ({
    title: VERDICT.noConsumer.title(list(queues), queues.length), more: VERDICT.noConsumer.more, commands: queues.map(startConsumer),
    text: VERDICT.noConsumer.text(number),
  }),
  all_paused: ({ number }) => ({ title: VERDICT.allPaused.title, more: VERDICT.stopped.more, text: VERDICT.allPaused.text(number) }),
  data_lost: ({ queues, cause }) => ({
    title: VERDICT.dataLost.title(list(queues), queues.length), commands: [writeOff()],
    text: `${cause.losses.join(' ')} ${VERDICT.dataLost.text}`,
  }),
  queue_full: ({ queues, number }) => ({
    title: VERDICT.queueFull.title(list(queues), queues.length), more: VERDICT.stopped.more, text: VERDICT.queueFull.text(number),
  }),
  memory_low: ({ queues }) => ({
    title: VERDICT.memoryLow.title(list(queues), queues.length), more: VERDICT.memoryLow.more, text: VERDICT.memoryLow.text,
  }),
  failing: ({ queues, number, cause, failed, done }) => ({
    title: VERDICT.failing.title(list(queues), percent(number).replace(' ', '\u00a0')),
    text: VERDICT.failing.text(failed, done, cause ? named(cause) : ''),
    more: cause ? VERDICT.failing.openFailure : VERDICT.failing.showFailed,
  }),
  breaker_open: ({ number, cause: { types } }) => ({
    title: VERDICT.breakerOpen.title(
      list(types.length > 3 ? [...types.slice(0, 2), VERDICT.breakerOpen.others(types.length - 2)] : types), number),
    text: VERDICT.breakerOpen.text, more: VERDICT.breakerOpen.more(number),
  }),
  new_cause: ({ number, cause }, { now }) => ({
    title: VERDICT.newCause.title(number, named(cause)),
    text: VERDICT.newCause.text(cause.count, list(cause.task_types.map(visible)), ago(cause.first_seen, now)),
    more: number === 1 ? VERDICT.newCause.open : VERDICT.newCause.show,
  }),
  set_aside: ({ queues, number }) => ({ title: VERDICT.quarantine.title(number), more: VERDICT.quarantine.more,
    text: VERDICT.quarantine.text(number, list(queues)) }),
  waiting_long: ({ queues, number, cause }) => ({
    title: VERDICT.waitingLong.title(list(queues), number), more: VERDICT.waitingLong.more,
    text: VERDICT.waitingLong.text(cause.active, cause.workers, cause.queued),
  }),
  paused: (condition, about) => halted(condition, about, 'paused', 'Paused'),
  draining: (condition, about) => halted(condition, about, 'draining', 'Drained'),
};

function halted({ queues, number, cause }, { now }, how, verb) {
  const who = cause.stopped_by ? `${verb} by ${visible(cause.stopped_by)}` : `${verb}`;
  const when = cause.stopped_at ? ` ${ago(cause.stopped_at, now)}` : '';
  const why = cause.stopped_why ? `: ${visible(cause.stopped_why)}` : '';
  const { title, more, waiting } = VERDICT.stopped;
  return { title: title(list(queues), how), more, text: `${who}${when}${why}. ${number ? waiting(number) : VERDICT.stopped[how]}` };
}

function fine(stats) {
  const waiting = stats.queues.reduce((sum, queue) => sum + queue.queued, 0);
  const consumers = VERDICT.fine.consumers(stats.workers_online);
  if (stats.active_tasks + waiting + stats.retry_tasks === 0) {
    const done = stats.success_tasks + stats.failed_tasks + stats.revoked_tasks + stats.expired_tasks;
    return /** @type {const} */ ({ tone: 'good', title: VERDICT.fine.title,
      text: done ? `${consumers}. ${VERDICT.fine.finished(done)}` : `${consumers}.`, untouched: !done });
  }
  const parts = [
    consumers,
    stats.retry_tasks > 0 && VERDICT.busy.retrying(stats.retry_tasks),
    stats.scheduled_tasks > 0 && VERDICT.busy.scheduled(stats.scheduled_tasks),
  ].filter(Boolean).join(', ');
  const oldest = Math.max(0, ...stats.queues.map((queue) => (queue.paused ? 0 : queue.oldest_waiting_s ?? 0)));
  return /** @type {const} */ ({
    tone: 'busy', title: VERDICT.busy.title(stats.active_tasks, waiting),
    text: `${parts}.${waiting && oldest >= 1 ? VERDICT.busy.oldest(oldest) : ''}`,
  });
}

/** A cause in a headline: of its message, what varies is an ellipsis, also a number. */
function named({ error_type: error, message }) {
  const common = message?.replaceAll('#', '…');
  const short = common && common.length > 60 ? `${common.slice(0, 59)}…` : common;
  return visible(short && !/^['"…\s]*$/.test(short) ? `${error}: ${short}` : error);
}

function list(names) {
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names[0];
}
