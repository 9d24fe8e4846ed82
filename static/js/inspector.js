/* The inspector: for whoever operates the service. It takes no tasks: that is the dashboard's. */

import { startPage } from './app/app.js';
import { pagesInOrder } from './app/pages.js';

startPage(pagesInOrder('workers', 'overview', 'tasks', 'failures', 'queues', 'schedules', 'log', 'audit', 'redis', 'config'));
