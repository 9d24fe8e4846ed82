/* The inspector: for whoever operates the service. */

import { explain } from './actions.js';
import { getConsumers, getRedis, getSettings, getTaskTypes } from './api.js';
import { startPage } from './app.js';
import { configPage } from './views/config.js';
import { queuesPage } from './views/queues.js';
import { redisPage } from './views/redis.js';
import { tasksPage } from './views/tasks.js';
import { workersPage } from './views/workers.js';

const READS = { workers: getConsumers, queues: getConsumers, redis: getRedis, config: getSettings };
const busy = new Set();

async function read(store, view) {
  if (view === 'tasks' && !store.state().taskTypes) readTypes(store);
  const get = READS[view];
  if (!get || busy.has(view)) return;
  busy.add(view);
  try {
    store.dispatch({ type: 'fact', name: view, value: await get() });
  } catch (error) {
    store.dispatch({ type: 'fact', name: view, problem: explain(error) });
  }
  busy.delete(view);
}

/** For the completion of a search; without them it knows what it has seen. */
async function readTypes(store) {
  if (busy.has('types')) return;
  busy.add('types');
  try {
    store.dispatch({ type: 'taskTypes', taskTypes: await getTaskTypes() });
  } catch (error) {
    explain(error);
  }
  busy.delete('types');
}

startPage({
  workers: { view: workersPage, key: 'w', title: 'Workers' },
  tasks: { view: tasksPage, key: 't', title: 'Tasks' },
  queues: { view: queuesPage, key: 'q', title: 'Queues' },
  redis: { view: redisPage, key: 'r', title: 'Redis' },
  config: { view: configPage, key: 'c', title: 'Configuration' },
}, read);
