/* Texts of the flows: list, page of one, its graph, actions. */

import { count, plural } from '../lib/format.js';

export const ABOUT = 'Graphs of tasks: submitted as one, followed as one.';
export const ALL = 'All flows';
/** @param {string} id */
export const unnamed = (id) => `Flow ${id}`;
export const NONE = 'No flows yet';
export const NONE_WHAT = 'A flow runs tasks in order: one after another, many at once, and one when all of them have succeeded. ';
export const NONE_HOW = 'It is accepted whole or not at all, and can be cancelled and retried as one.';
export const FIRST = 'Make a first flow';
export const NO_MATCHES = 'No matching flows';
export const NO_MATCHES_HERE = 'None of the flows searched is in this state. ';
export const SHOW_ALL = 'Show all flows';
export const OLDER = 'Older flows';
export const NEWEST = 'Newest flows';
/** @param {string} id */
export const notFound = (id) => `No flow “${id}”`;
export const NOT_FOUND_WHY = 'It ended too long ago to be kept, or the address is wrong.';

export const COLUMNS = ['Flow', 'State', 'Progress', 'Submitted', 'Took', ''];
export const FILTER = 'Which flows';
export const EVERY = 'All';
/** @param {number} ended @param {number} size */
export const progress = (ended, size) => `${count(ended)} of ${count(size)}`;
/** @param {number} n */
export const failedNodes = (n) => `${count(n)} failed`;
export const STOPPING = 'Cancelling';
export const STOPPING_MEANS = 'no node starts any more; it ends when its running tasks have stopped';
/** @type {Record<string, string>} */
export const STATE_MEANS = {
  running: 'some of its nodes have not ended', succeeded: 'every node that was needed has succeeded',
  failed: 'a node has failed', cancelled: 'it was cancelled, or one of its tasks was',
};

/** The states of a node without a task. @type {Record<string, {label: string, means: string}>} */
export const NODE_STATES = {
  waiting: { label: 'Waiting', means: 'waits for the nodes before it' },
  skipped: { label: 'Skipped', means: 'a node that it needs did not succeed, or it handles a failure and there was none' },
};

export const FACTS = {
  id: 'Id', nodes: 'Nodes ended', submitted: 'Submitted', took: 'Took', running: 'Running for', retries: 'Retries', reason: 'Reason',
};
/** @param {number} n */
export const times = (n) => (n === 1 ? 'once' : `${count(n)} times`);
export const CANCEL = 'Cancel flow';
export const RETRY = 'Retry failed nodes';
export const RETRY_FROM = 'Retry from here';
/** @param {string} name */
export const retryFrom = (name) => `Retry from here: ${name}`;
export const TASKS = 'Its tasks';

export const GRAPH = 'Graph';
export const GRAPH_LABEL = 'The nodes of the flow by depth';
/** @param {number} n */
export const step = (n) => `Step ${count(n)}`;
/** @param {number} n */
export const attempt = (n) => `attempt ${count(n)}`;
/** @param {string} type @param {number} n */
export const alike = (type, n) => `${type} × ${count(n)}`;
/** @param {number} n */
export const inARow = (n) => `${count(n)} in a row`;
export const ALIKE_MEANS = 'Nodes of one type with the same nodes before and behind them. Open the list';
export const ROW_MEANS = 'Nodes that run one after another. Open the list';
export const FOR_FAILURE = 'dashed: starts when a node fails';
/** @param {number} n */
export const hidden = (n) => `${plural(n, 'node')} further right ${n === 1 ? 'is' : 'are'} not drawn: the graph is too large. GET /api/flows/<id> has all.`;
/** @param {string} words */
export const takes = (words) => `Takes ${words}`;
export const TAKES_MEANS = 'This parameter gets the result of that node. The value is in the result of its task.';

export const FAILED = 'Failed nodes';
export const NODE_COLUMNS = ['Node', 'State', 'Attempt', 'Task', ''];
export const CLOSE_LIST = 'Close';
/** @param {number} n */
export const showMore = (n) => `Show ${count(n)}`;
/** @param {number} n @param {number} all */
export const firstOf = (n, all) => `${count(n)} of ${count(all)}, those that need a look first`;
export const NO_TASK = 'none yet';

export const CANCEL_ASK = {
  /** @param {string} name */ title: (name) => `Cancel ${name}?`,
  text: 'No further node starts. Its waiting tasks are cancelled and running ones are stopped now. It can be retried later.',
};
export const RETRY_ASK = {
  /** @param {string} name */ title: (name) => `Retry ${name}?`,
  text: 'Every node that failed or was cancelled runs again, and all behind it, each as a new task. The others keep their results.',
};
export const RETRY_FROM_ASK = {
  /** @param {string} node */ title: (node) => `Retry from ${node}?`,
  text: 'This node runs again, and all behind it, each as a new task. The others keep their results.',
};
/** @param {string} name */
export const cancelled = (name) => `${name} is cancelled.`;
/** @param {string} name */
export const retried = (name) => `${name} runs again.`;
