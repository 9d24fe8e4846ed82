/* What an operator does to a group of failures: retry a few as a trial, then all of them. */

import { retryFailures } from '../api/operators.js';
import { findTasks } from '../api/tasks.js';
import { createAttempt } from '../components/notify.js';
import { proofsFor } from '../components/proof.js';
import { visible } from '../lib/json_text.js';
import { serverNow } from '../state/page_state.js';
import * as texts from '../texts/failures.js';

const TRIAL = 3;
const PIECE = 50;

/**
 * @param {import('../state/store.js').Store} store
 * @param {import('../state/actions.js').Toast} toast
 * @param {import('../state/actions.js').Reread} reread
 */
export function createFailureActions(store, toast, reread) {
  const retryGroup = createRetry(store, toast, reread);
  return {
    /** @param {any} group */
    retryTrial: (group) => retryGroup(group, TRIAL, ''),

    /** @param {any} group @param {boolean} rest whether a trial went before */
    askRetryAll: (group, rest) => store.dispatch({ type: 'question', question: {
      title: texts.ASK_RETRY.title(group.retryable, rest),
      text: texts.ASK_RETRY.text(visible(group.error_type)),
      verb: texts.ASK_RETRY.verb(group.retryable), typed: proofsFor(group.retryable),
      run: (reason) => retryGroup(group, null, reason),
    } }),
  };
}

function createRetry({ dispatch, state }, toast, reread) {
  const attempt = createAttempt(toast, () => reread('recentAudit', 'audit', 'failures'));

  /**
   * In pieces of about a second each, never more than were confirmed: a copy that fails again joins
   * the same group, so "until nothing is left" may have no end. The oldest go first.
   */
  return async ({ fingerprint, task_types: types, retryable }, limit, reason) => {
    const progress = { retried: 0, at: serverNow(state()), trial: limit !== null, busy: true, ids: /** @type {string[]} */ ([]) };
    const update = (more) => {
      Object.assign(progress, more);
      dispatch({ type: 'ui', set: { retries: { ...state().ui.retries, [fingerprint]: { ...progress } } } });
    };
    update({});
    await attempt(async () => {
      /** @type {string|undefined} */
      let operation_id;
      for (let left = limit ?? retryable; left > 0;) {
        const answer = await retryFailures(fingerprint, { limit: left, reason: reason || undefined, operation_id });
        operation_id = answer.operation_id;
        left = answer.retried ? left - answer.retried : 0;
        update({ retried: progress.retried + answer.retried });
      }
      toast('good', texts.retriedAsNew(progress.retried));
      if (progress.trial) update({ ids: await newTasks(types, progress.at - 1000) });
    });
    update({ busy: false });
    reread('trial');
  };
}

/** The tasks that a trial has made: of these types, since then, and made out of others. */
async function newTasks(types, since) {
  const q = types.map((type) => `type:"${type.replace(/[\\"]/g, '\\$&')}"`).join(' ');
  const { tasks } = await findTasks({ q, from: new Date(since).toISOString(), limit: PIECE });
  return tasks.filter((task) => task.retry_of).slice(0, TRIAL).map((task) => task.task_id);
}
