/* The inspector: the pages for operators. It submits no tasks; the dashboard does. */

import { startPage } from './app/app.js';
import { pagesInOrder } from './app/pages.js';

startPage(pagesInOrder(
  'workers', 'overview', 'tasks', 'failures', 'flows', 'queues', 'functions', 'types', 'schedules', 'log', 'audit', 'keys', 'webhooks',
    'redis',
  'config',
));
