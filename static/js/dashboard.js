/* The dashboard: the pages for users of the service. */

import { startPage } from './app/app.js';
import { pagesInOrder } from './app/pages.js';

startPage(pagesInOrder(
  'overview', 'tasks', 'failures', 'flows', 'queues', 'functions', 'types', 'submit', 'schedules', 'workers', 'log', 'audit',
  'keys', 'webhooks', 'redis', 'config',
));
