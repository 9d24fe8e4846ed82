/* The dashboard: for whoever uses the service. */

import { startPage } from './app.js';
import { pagesInOrder } from './pages.js';

startPage(pagesInOrder('overview', 'tasks', 'failures', 'queues', 'submit', 'schedules', 'workers', 'log', 'audit', 'redis', 'config'));
