/* The whole state of the service in one sentence: what is going on, and what to do about it. */

import { coarse, count, plural } from './format.js';

/** @typedef {{tone: 'good'|'busy'|'warn'|'bad', title: string, text: string, commands?: string[],
 *   retry?: boolean}} Verdict */

/**
 * @param {import('./store.js').State} state
 * @param {string} origin of this page
 * @returns {Verdict}
 */
export function verdict(state, origin) {
  return broken(state, origin) ?? working(state);
}

function broken({ problem, stats, socket }, origin) {
  if (problem?.code === 'unreachable') {
    return {
      tone: 'bad', retry: true, title: 'The server does not answer',
      text: `${stats ? 'What you see is the last that was known. ' : ''}Is it running at ${origin}? This page comes back by itself. Start it with`,
      commands: ['make run'],
    };
  }
  if (problem?.code === 'queue_unavailable') {
    return {
      tone: 'bad', retry: true, title: 'Redis is away',
      text: `${problem.text} ${stats ? 'What you see is the last that was known. ' : ''}Accepted tasks are kept in Redis; nothing new can be sent until it is back. Check that it runs and that REDIS_URL is right. This page comes back by itself.`,
    };
  }
  if (problem?.code === 'unauthorized') {
    return {
      tone: 'bad', title: 'An API key is needed',
      text: 'This service was started with API_KEYS. Enter one of them to see and submit tasks.',
    };
  }
  if (problem) {
    return { tone: 'bad', retry: true, title: 'The server answered with an error', text: `${problem.text} (${problem.code})` };
  }
  if (!stats) {
    return { tone: 'good', title: 'Connecting…', text: socket === 'closed' ? 'Trying again.' : '' };
  }
  return null;
}

function working({ stats }) {
  const idle = stats.queues.filter((queue) => queue.consumers === 0);
  if (idle.length) return unattended(idle);
  const waiting = stats.queues.reduce((sum, queue) => sum + queue.queued, 0);
  const stopped = stats.queues.filter((queue) => queue.paused);
  if (stopped.length) return paused(stopped);
  const oldest = Math.max(0, ...stats.queues.map((queue) => queue.oldest_waiting_s ?? 0));
  const running = stats.active_tasks;
  const parts = [
    `${plural(stats.workers_online, 'consumer')} online`,
    stats.retry_tasks > 0 && `${count(stats.retry_tasks)} to be retried`,
    stats.scheduled_tasks > 0 && `${count(stats.scheduled_tasks)} scheduled`,
  ].filter(Boolean).join(', ');
  if (running + waiting + stats.retry_tasks === 0) {
    const done = stats.success_tasks + stats.failed_tasks;
    return {
      tone: 'good', title: 'Ready, nothing to do',
      text: `${plural(stats.workers_online, 'consumer')} online. ${done ? `${plural(done, 'task')} finished so far.` : 'Send the first task below.'}`,
    };
  }
  const late = waiting > 0 && oldest >= 60;
  return {
    tone: late ? 'warn' : 'busy',
    title: late ? `Falling behind: the oldest task has waited ${coarse(oldest)}` : `${count(running)} running, ${count(waiting)} waiting`,
    text: `${late ? `${count(running)} running, ${count(waiting)} waiting, ` : ''}${parts}.${!late && waiting ? ` The oldest has waited ${coarse(oldest)}.` : ''}`,
  };
}

function paused(queues) {
  const names = queues.map((queue) => queue.queue).join(', ');
  const waiting = queues.reduce((sum, queue) => sum + queue.queued, 0);
  return {
    tone: 'warn',
    title: queues.length === 1 ? `The ${names} queue is paused` : `The queues ${names} are paused`,
    text: `${waiting ? `${plural(waiting, 'task waits', 'tasks wait')} there.` : 'Tasks sent there will wait.'} Someone stopped ${queues.length === 1 ? 'it' : 'them'} by hand: the Queues page says who and why, and resumes ${queues.length === 1 ? 'it' : 'them'}.`,
  };
}

function unattended(queues) {
  const names = queues.map((queue) => queue.queue);
  const waiting = queues.reduce((sum, queue) => sum + queue.queued, 0);
  const one = names.length === 1;
  return {
    tone: 'bad',
    title: one ? `Nobody works on the ${names[0]} queue` : `Nobody works on the queues ${names.join(', ')}`,
    text: `${one ? 'It has' : 'They have'} no consumer${waiting ? `, and ${plural(waiting, 'task waits', 'tasks wait')}` : ''}. What is sent there is kept, and starts when a consumer does:`,
    commands: names.map((name) => `python app.py consumer ${name}`),
  };
}
