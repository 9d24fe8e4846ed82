/* Texts of the pages about Redis and the settings. */

import { plural } from '../lib/format.js';

export const REDIS_ABOUT = 'Where tasks are stored.';
export const EVICTS = 'Redis may evict tasks';
/** @param {string} policy */
export const evictsWhy = (policy) =>
  `Its maxmemory-policy is ${policy}: when memory is full it deletes keys. With noeviction, new tasks are refused instead.`;
/** @param {number} n */
export const hasEvicted = (n) => `Redis has evicted ${plural(n, 'key')}`;
export const HAS_EVICTED_WHY = 'Some of them may have been tasks. Give Redis more memory and set maxmemory-policy to noeviction.';
export const REPLICA = 'This Redis is a replica: it takes no writes';
export const REPLICA_WHY = 'No task is accepted and none starts. Set REDIS_URL to its master, or to its Sentinels.';
export const NOT_WRITTEN = 'Redis cannot write to its disk';
export const NOT_WRITTEN_WHY = 'Look at its log and at the disk: it may take no more tasks, and a restart loses what was accepted since.';
export const FULL = 'Redis is full';
export const FULL_WHY = 'New tasks are refused; what was accepted goes on. Raise its maxmemory, or lower RESULT_TTL_S or FINISHED_CAP.';
export const NO_AOF = 'A crash of Redis loses the latest tasks';
export const NO_AOF_WHY = 'The append-only file is off. Set appendonly yes, so that accepted tasks survive a restart.';
export const TOTAL_COMMANDS = 'Total commands';

export const CONFIG_ABOUT = 'Settings of this web process, from the environment and .env. Secrets are hidden.';
export const NOT_SET = 'not set';
export const EMBEDDED = 'not set: the stack’s own Redis';
export const SET_HIDDEN = 'set (hidden)';
export const ON = 'on';
export const OFF = 'off';
/** @param {number} n */
export const times = (n) => `${n}×`;
