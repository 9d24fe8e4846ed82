/* What the pages keep in the address beside the tasks' filter. An unknown value counts as none. */

import { queueNames } from './queue_names.js';
import { AUDITED } from '../texts/audit.js';

export const SPANS = { '15m': '15 min', '1h': '1 h', '24h': '24 h', '7d': '7 d', '30d': '30 d' };
export const LEVELS = ['debug', 'info', 'warning', 'error', 'critical'];
export const AUDIT_PAGE = 50;

/** @param {Record<string, string>} params */
export const spanOf = ({ span }) => (Object.hasOwn(SPANS, span ?? '') ? span : '15m');

/** @param {Record<string, string>} params */
export const queueOf = ({ queue }) => (queueNames().includes(queue) ? queue : '');

/** @param {Record<string, string>} params */
export const auditFilter = ({ action }) => ({ action: Object.hasOwn(AUDITED, action ?? '') ? action : '' });

/**
 * What the schedules' page shows: the form of a new one, of one by its name, or those that hold a text.
 * @param {Record<string, string>} params
 */
export const scheduleFilter = ({ new: isNew, edit, find, sort }) => ({
  isNew: Boolean(isNew), edit: edit ?? '', find: find ?? '',
  order: /** @type {import('./schedules.js').Order} */ (sort === 'next' ? 'next' : 'name'),
});

export const FUNCTION_TABS = ['overview', 'runs', 'invoke', 'configuration', 'code'];
/** @param {Record<string, string>} params */
export const tabOf = ({ tab }) => (FUNCTION_TABS.includes(tab) ? tab : 'overview');

/** @param {Record<string, string>} params */
export const logFilter = ({ queue, level, type }) => ({
  queue: queueNames().includes(queue) ? queue : '',
  level: LEVELS.includes(level) ? level : '',
  type: type ?? '',
});
