/* The dashboard: for whoever uses the service. */

import { explain } from './actions.js';
import { getTaskTypes } from './api.js';
import { startPage } from './app.js';
import { overview } from './views/overview.js';
import { submitPage } from './views/submit.js';
import { tasksPage } from './views/tasks.js';

let reading = false;

/** Task types change only when the service restarts: read until there are some. */
async function readTypes(store, _view, restarted = false) {
  if (reading || (store.state().taskTypes && !restarted)) return;
  reading = true;
  try {
    store.dispatch({ type: 'taskTypes', taskTypes: await getTaskTypes() });
  } catch (error) {
    store.dispatch({ type: 'problem', problem: explain(error) });
  }
  reading = false;
}

startPage({
  overview: { view: overview, key: 'o', title: 'Overview' },
  tasks: { view: tasksPage, key: 't', title: 'Tasks' },
  submit: { view: submitPage, key: 's', title: 'Submit' },
}, readTypes);
