/* Every page of Duckline: its name in the address, its title, its key after `g`, what draws it and
   what it reads. Both ports show these pages; they differ in which comes first. */

import { ApiProblem, findTasks, getConsumers, getRedis, getSettings, getTaskTypes } from '../api/tasks.js';
import { getAudit, getCauses, getFailures, getHistory, getLog, getSchedules, previewSchedule } from '../api/operators.js';
import { getFunction, getFunctionEvents, getFunctions, getSource } from '../api/functions.js';
import { getFlow, getFlows } from '../api/flows.js';
import { getKeys } from '../api/keys.js';
import { getSession } from '../api/session.js';
import { getDeliveries, getWebhook, getWebhooks } from '../api/webhooks.js';
import { getLimits } from '../api/type_limits.js';
import { auditPage } from '../operations/audit_page.js';
import { configPage } from '../settings/config_page.js';
import { flowsPage, keyOf } from '../flows/page.js';
import { functionsPage } from '../functions/page.js';
import { failuresPage } from '../failures/page.js';
import { keysPage } from '../keys/page.js';
import { logPage } from '../log/page.js';
import { overview } from '../overview/page.js';
import { queuesPage } from '../queues/page.js';
import { redisPage } from '../settings/redis_page.js';
import { schedulesPage } from '../schedules/page.js';
import { submitPage } from '../tasks/submit_page.js';
import { tasksPage } from '../tasks/page.js';
import { typesPage } from '../types/page.js';
import { FEW, MANY } from '../webhooks/deliveries.js';
import { webhooksPage } from '../webhooks/page.js';
import { workersPage } from '../workers/page.js';
import { mayLimit, reachesAll } from '../state/reach.js';
import { flowFilter } from '../state/flows.js';
import { AUDIT_PAGE, auditFilter, logFilter, scheduleFilter, spanOf, tabOf } from '../state/page_filters.js';

const HOUR_MS = 3_600_000;
const MOST_FOLLOWED = 24;
const NODES_OF_A_READ = 1_000;

/** @typedef {import('./reader.js').Page} Page */

/** They change only when the service restarts. */
const types = {
  name: 'taskTypes', get: getTaskTypes, every_ms: HOUR_MS, put: (taskTypes) => ({ type: 'taskTypes', taskTypes }),
};
const history = ({ route }) => {
  const span = spanOf(route.params);
  return { name: 'history', key: span, get: () => getHistory(span), every_ms: 4_900 };
};
const consumers = { name: 'consumers', get: getConsumers };
const recentAudit = { name: 'recentAudit', get: async () => (await getAudit({ limit: AUDIT_PAGE })).entries, every_ms: 9_900 };
const audit = ({ route }) => {
  const filter = auditFilter(route.params);
  return {
    name: 'audit', key: filter.action, get: () => getAudit({ ...filter, limit: AUDIT_PAGE }),
    put: (page) => ({ type: 'audit', key: filter.action, page, newest: true }),
  };
};
/** How the tasks of a trial do: a few, and all in one search. */
const trials = ({ ui }) => {
  const ids = Object.values(ui.retries ?? {}).flatMap((retry) => retry.ids).slice(-MOST_FOLLOWED);
  return ids.length ? [{
    name: 'trial', key: ids.join(),
    get: async () => (await findTasks({ q: ids.map((id) => `id:${id}`).join(' '), limit: MOST_FOLLOWED })).tasks,
  }] : [];
};
const log = ({ route }) => {
  const filter = logFilter(route.params);
  return { name: 'log', key: JSON.stringify(filter), get: () => getLog({ ...filter, limit: 300 }) };
};
const schedules = { name: 'schedules', get: getSchedules };
/** What the form's rule means; what is wrong with it is an answer too, and stays so until it is changed. */
const preview = ({ route, ui, facts }) => {
  const { edit, isNew } = scheduleFilter(route.params);
  const wrong = facts.preview?.key === ui.rule && facts.preview?.value?.errors;
  return (edit || isNew) && ui.rule
    ? [{ name: 'preview', key: ui.rule, get: () => judged(ui.rule), every_ms: wrong ? HOUR_MS : 4_900 }] : [];
};
async function judged(rule) {
  try {
    return await previewSchedule(rule);
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 422) return { errors: error.errors };
    throw error;
  }
}

const MOST_RUNS = 50;
/** One function with what its open tab shows, or all of them. */
const functions = ({ route: { item, params } }) => {
  if (!item) return [{ name: 'functions', get: getFunctions }];
  const key = item;
  const events = { name: 'functionEvents', key, get: () => getFunctionEvents(item), every_ms: 9_900 };
  const tabs = {
    overview: events,
    runs: { name: 'functionRuns', key, get: () => findTasks({ q: `type:${item}`, limit: MOST_RUNS }) },
    invoke: events,
    code: { name: 'functionSource', key, get: () => getSource(item) },
  };
  const tab = tabs[tabOf(params)];
  return [{ name: 'function', key, get: () => getFunction(item) }, ...(tab ? [tab] : [])];
};

/** All task types with what they did in the last hour, and the limits of the one that is open. */
const typesAndLimits = (state) => [
  types, { name: 'typeHistory', get: () => getHistory('1h'), every_ms: 9_900 },
  ...(state.route.item && mayLimit(state)
    ? [{ name: 'limits', key: state.route.item, get: () => getLimits(state.route.item), every_ms: 4_900 }] : []),
];

/** One flow with its nodes, less often when these are many or it has ended; or a page of the list. */
const flows = ({ route: { item, params }, facts }) => {
  const filter = flowFilter(params);
  if (!item) return [{ name: 'flows', key: keyOf(filter), get: () => getFlows(filter) }];
  const { size = 1, finished_at: ended = null } = (facts.flow?.key === item && facts.flow.value) || {};
  return [{ name: 'flow', key: item, get: () => getFlow(item), every_ms: ended ? 9_900 : 1_900 * Math.ceil(size / NODES_OF_A_READ) }];
};

/** One webhook with its deliveries, or all of them. */
const webhooks = ({ route: { item, params }, ui }) => {
  if (!item) return params.new ? [] : [{ name: 'webhooks', get: getWebhooks, every_ms: 4_900 }];
  const limit = ui.moreDeliveries ? MANY : FEW;
  return [{ name: 'webhook', key: item, get: () => getWebhook(item) },
    ...(params.edit ? [] : [{ name: 'deliveries', key: `${item} ${limit}`, get: () => getDeliveries(item, limit) }])];
};

/** @type {Record<string, Page>} */
const PAGES = {
  overview: { title: 'Overview', key: 'o', view: overview, reads: (state) => [types, history(state)] },
  tasks: { title: 'Tasks', key: 't', view: tasksPage, reads: () => [types] },
  failures: { title: 'Failures', key: 'f', view: failuresPage,
    reads: (state) => [{ name: 'failures', get: getFailures, every_ms: 4_900 }, ...trials(state)] },
  queues: { title: 'Queues', key: 'q', view: queuesPage, reads: (state) => [history(state),
    ...(reachesAll(state) ? [recentAudit] : [])] },
  flows: { title: 'Flows', key: 'p', view: flowsPage, reads: flows },
  schedules: { title: 'Schedules', key: 'd', view: schedulesPage, reads: (state) => [types, schedules, ...preview(state)] },
  workers: { title: 'Workers', key: 'w', view: workersPage, reads: () => [consumers] },
  functions: { title: 'Functions', key: 'n', view: functionsPage, reads: functions },
  submit: { title: 'Submit', key: 's', view: submitPage, reads: () => [types] },
  types: { title: 'Task types', key: 'y', view: typesPage, reads: typesAndLimits },
  webhooks: { title: 'Webhooks', key: 'h', view: webhooksPage, reads: webhooks },
  keys: { title: 'Keys', key: 'k', view: keysPage, reads: ({ route }) => (route.params.new ? [] : [{ name: 'keys', get: getKeys,
    every_ms: 4_900 }]) },
  log: { title: 'Log', key: 'l', view: logPage, reads: (state) => [types, log(state)] },
  audit: { title: 'Audit', key: 'a', view: auditPage, reads: (state) => [audit(state)] },
  redis: { title: 'Redis', key: 'r', view: redisPage, reads: () => [{ name: 'redis', get: getRedis }] },
  config: { title: 'Config', key: 'c', view: configPage, reads: () => [{ name: 'config', get: getSettings, every_ms: 30_000 }] },
};

/** @param {string[]} names in the order of the header; the first is the default */
export function pagesInOrder(...names) {
  return Object.fromEntries(names.map((name) => [name, withForm(PAGES[name])]));
}

/** The causes that failed lately, small: the verdict on every page names them. */
const causes = { name: 'causes', get: getCauses, every_ms: 9_900 };

/** Who is signed in: decides which buttons there are. Another tab may sign in, too. */
const session = ({ problem }) => ({ name: 'session', get: getSession, every_ms: problem?.code === 'unauthorized' ? 1_900 : 60_000 });

/** A task can be run again or changed over each page: its form is made out of its type. @param {Page} page @returns {Page} */
function withForm(page) {
  return { ...page, reads: (state) => [session(state), ...(page.reads?.(state) ?? []),
    ...(state.stats?.failed_tasks && reachesAll(state) ? [causes] : []), ...(state.route.form ? [types] : [])] };
}
