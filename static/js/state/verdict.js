/* The whole state of the service in one sentence: what is going on, why, and where to look. Pure. */

import { conditions } from './conditions.js';
import { ago, coarse, count, duration, percent, plural } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { serverNow } from './page_state.js';

/**
 * @typedef {import('./conditions.js').Condition & {title: string, text: string, more: string,
 *   commands?: string[], retry?: boolean}} Said `more`: what the link is called
 * @typedef {{severity: import('./conditions.js').Severity, tone: 'good'|'busy'|'warn'|'bad',
 *   title: string, text: string, conditions: Said[]}} Verdict the first condition, if there is one,
 *   is the headline
 */

const TONES = { broken: 'bad', losing: 'bad', late: 'warn', stopped: 'warn' };
const STALE = 'Showing the last known state. ';

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
    ...(stats ? fine(stats) : { tone: 'good', title: 'Connecting…', text: socket === 'closed' ? 'Trying again.' : '' }) };
}

/**
 * How bad it is, for what has room for one word or a colour only (title, favicon).
 * @param {Verdict} verdict
 */
export const severity = (verdict) => verdict.severity;

/** @type {Record<string, (condition: any, about: {state: import('./store.js').State, origin: string, now: number}) => Partial<Said>>} */
const WORDS = {
  unreachable: (_, { state, origin }) => ({
    title: 'Can’t reach the server', retry: true, commands: ['make run'],
    text: `${state.stats ? STALE : ''}Is it running at ${origin}? This page reconnects automatically. Start it with`,
  }),
  redis_away: ({ cause }, { state }) => ({
    title: 'Can’t reach Redis', retry: true,
    text: `${cause.text} ${state.stats ? STALE : ''}Accepted tasks are kept in Redis; new tasks are refused until then. `
      + 'Check that it runs and that REDIS_URL is right. This page reconnects automatically.',
  }),
  key_needed: () => ({ title: 'An API key is needed',
    text: 'This service was started with API_KEYS. Enter one of them to see and submit tasks.' }),
  server_error: ({ cause }) => ({ title: 'The server answered with an error', text: `${cause.text} (${cause.code})`, retry: true }),
  no_consumer: ({ queues, number }) => ({
    title: `The ${list(queues)} ${queues.length > 1 ? 'queues have' : 'queue has'} no consumer`, more: 'See the workers',
    commands: queues.map((name) => `python app.py consumer ${name}`),
    text: `${number ? plural(number, 'task waits, and starts', 'tasks wait, and start') : 'Tasks sent there wait, and start'} `
      + 'when one runs:',
  }),
  failing: ({ queues, number, cause, failed, done }) => ({
    title: `${list(queues)} is failing: ${percent(number).replace(' ', '\u00a0')} in the last minute`,
    text: `${count(failed)} of ${plural(done, 'task')} failed${cause ? `, mostly with ${named(cause)}` : ''}.`,
    more: cause ? 'Open this failure' : 'Show the failed tasks',
  }),
  new_cause: ({ number, cause }, { now }) => ({
    title: number === 1 ? `New failure: ${named(cause)}` : `${count(number)} new failures, the most frequent: ${named(cause)}`,
    text: `${plural(cause.count, 'task')} of ${list(cause.task_types.map(visible))}, first seen ${ago(cause.first_seen, now)}.`,
    more: number === 1 ? 'Open this failure' : 'Show the new failures',
  }),
  set_aside: ({ queues, number }) => ({
    title: `${plural(number, 'task is', 'tasks are')} in quarantine`, more: 'See the queues',
    text: number === 1
      ? `It crashed its worker or could not be read, in ${list(queues)}. Retry or delete it.`
      : `They crashed their workers or could not be read, in ${list(queues)}. Retry or delete them.`,
  }),
  waiting_long: ({ queues, number, cause }) => ({
    title: `${list(queues)} is falling behind: its oldest task has waited ${coarse(number)}`, more: 'Show the waiting tasks',
    text: `${count(cause.active)} running on ${plural(cause.workers, 'worker')}, ${count(cause.queued)} waiting.`,
  }),
  paused: (condition, about) => halted(condition, about, 'paused', 'Paused', 'Tasks sent there wait.'),
  draining: (condition, about) => halted(condition, about, 'draining', 'Drained', 'New tasks are refused.'),
};

function halted({ queues, number, cause }, { now }, how, verb, otherwise) {
  const who = cause.stopped_by ? `${verb} by ${visible(cause.stopped_by)}` : `${verb}`;
  const when = cause.stopped_at ? ` ${ago(cause.stopped_at, now)}` : '';
  const why = cause.stopped_why ? `: ${visible(cause.stopped_why)}` : '';
  return {
    title: `The ${list(queues)} queue is ${how}`, more: 'Open the queues',
    text: `${who}${when}${why}. ${number ? `${plural(number, 'task waits', 'tasks wait')}.` : otherwise}`,
  };
}

function fine(stats) {
  const waiting = stats.queues.reduce((sum, queue) => sum + queue.queued, 0);
  const consumers = `${plural(stats.workers_online, 'consumer')} online`;
  if (stats.active_tasks + waiting + stats.retry_tasks === 0) {
    const done = stats.success_tasks + stats.failed_tasks;
    return /** @type {const} */ ({
      tone: 'good', title: 'All clear, nothing queued',
      text: `${consumers}. ${done ? `${plural(done, 'task')} finished so far.` : 'Send your first task.'}`,
    });
  }
  const parts = [
    consumers,
    stats.retry_tasks > 0 && `${count(stats.retry_tasks)} waiting to retry`,
    stats.scheduled_tasks > 0 && `${count(stats.scheduled_tasks)} scheduled`,
  ].filter(Boolean).join(', ');
  const oldest = Math.max(0, ...stats.queues.map((queue) => (queue.paused ? 0 : queue.oldest_waiting_s ?? 0)));
  return /** @type {const} */ ({
    tone: 'busy', title: `${count(stats.active_tasks)} running, ${count(waiting)} waiting`,
    text: `${parts}.${waiting && oldest >= 1 ? ` The oldest has waited ${duration(oldest)}.` : ''}`,
  });
}

function named({ error_type: error, message }) {
  const short = message && message.length > 60 ? `${message.slice(0, 59)}…` : message;
  return visible(short && !/^['"…#\s]*$/.test(short) ? `${error}: ${short}` : error);
}

function list(names) {
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names[0];
}
