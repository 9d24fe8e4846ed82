/* Prints the conditions of the page for cases on standard input, to hold the API against them. */

import { readFileSync } from 'node:fs';

import { conditions } from '../../static/js/state/conditions.js';
import { verdict } from '../../static/js/state/verdict.js';

function address({ page, item, params = {}, tasks }) {
  if (tasks) return `/tasks?q=state:${tasks.state}+queue:${tasks.queue}`;
  const query = new URLSearchParams(params);
  return `/${page}${item ? `/${encodeURIComponent(item)}` : ''}${query.size ? `?${query}` : ''}`;
}

const sum = (queues, field) => queues.reduce((total, each) => total + each[field], 0);

function judge({ queues, causes, now, problem }) {
  const stats = { queues, active_tasks: sum(queues, 'active'), retry_tasks: sum(queues, 'retry'), scheduled_tasks: 0,
    workers_online: sum(queues, 'consumers'), success_tasks: 0, failed_tasks: 0, revoked_tasks: 0, expired_tasks: 0 };
  const state = { stats, problem, socket: 'open', now: Date.parse(now), skew: 0, facts: { causes: { value: causes } } };
  const said = verdict(/** @type {any} */ (state), 'http://here');
  const found = conditions(/** @type {any} */ ({ ...state, causes }));
  return {
    severity: said.severity, title: said.title,
    conditions: found.map((one, at) => ({
      code: one.code, severity: one.severity, title: said.conditions[at].title, queues: one.queues, number: one.number,
      cause: one.cause?.fingerprint ?? null, link: one.link && address(/** @type {any} */ (one.link)),
    })),
  };
}

console.log(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(judge)));
