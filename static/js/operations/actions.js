/* What an operator can do: steer the queues, retry failures, take an action back. Each asks first
   where it matters, calls the API, and tells the reader how it went. */

import { explain } from '../api/problem.js';
import { findTasks } from '../api/tasks.js';
import { plural } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { changeQueue, getAudit, retryFailures } from '../api/operators.js';
import { AUDIT_PAGE } from '../state/page_filters.js';
import { serverNow } from '../state/store.js';

/** Above so many tasks a click is not enough: the number has to be typed. */
const TYPED_ABOVE = 100;
const TRIAL = 3;
const PIECE = 50;

/**
 * @param {import('../state/store.js').Store} store
 * @param {import('../tasks/actions.js').Actions} basic
 * @param {(...names: string[]) => void} reread
 */
export function createOperatorActions({ dispatch, state }, { toast, undo }, reread) {
  const done = () => reread('recentAudit', 'audit', 'failures');

  /** Run it; a failure is said and changes nothing else. */
  async function attempt(run) {
    try {
      await run();
    } catch (error) {
      toast('bad', explain(error).text);
    }
    done();
  }

  /** @param {import('../state/records.js').Question} question */
  const ask = (question) => dispatch({ type: 'question', question });

  const change = (queue, verb, said) => (reason = '') => attempt(async () => {
    dispatch({ type: 'queueChanged', ...(await changeQueue(queue, verb, reason)) });
    toast('good', said);
  });

  return {
    ask,

    /** @param {string} queue */
    resume: (queue) => change(queue, 'resume', `The ${queue} queue gives out tasks again.`)(),

    /** @param {string} queue */
    askPause: (queue) => ask({
      title: `Pause the ${queue} queue?`,
      text: 'No task of it starts until it is resumed. What runs goes on, and new tasks are taken and wait.',
      verb: 'Pause', run: change(queue, 'pause', `The ${queue} queue is paused.`),
    }),

    /** @param {string} queue */
    askDrain: (queue) => ask({
      title: `Drain the ${queue} queue?`,
      text: 'It works off what it has. New tasks are refused with a 503 until it is resumed.',
      verb: 'Drain', run: change(queue, 'drain', `The ${queue} queue drains: it takes no new tasks.`),
    }),

    /** @param {{queue: string, queued: number}} queue */
    askPurge: ({ queue, queued }) => ask({
      title: `Purge ${plural(queued, 'task')} from the ${queue} queue?`,
      text: 'Every task that waits there now is cancelled. What runs, is scheduled or will be retried stays. '
        + 'It can be undone for 10 minutes.',
      verb: `Purge ${plural(queued, 'task')}`, danger: true, typed: typed(queued, queue),
      run: (reason) => attempt(async () => {
        const answer = await changeQueue(queue, 'purge', reason);
        toast('good', `${plural(answer.purged, 'task')} of the ${queue} queue ${answer.purged === 1 ? 'was' : 'were'} cancelled.`,
          undefined, answer.undo_id ? [answer.undo_id] : []);
      }),
    }),

    /** @param {any} group */
    retryTrial: (group) => retryGroup(group, TRIAL, ''),

    /** @param {any} group @param {boolean} rest whether a trial went before */
    askRetryAll: (group, rest) => ask({
      title: `Retry ${rest ? 'the remaining ' : ''}${plural(group.retryable, 'task')}?`,
      text: `Each failed task of this cause (${visible(group.error_type)}) is submitted again with the same payload, `
        + 'the oldest first. Other failures are left alone.',
      verb: `Retry ${plural(group.retryable, 'task')}`, typed: typed(group.retryable),
      run: (reason) => retryGroup(group, null, reason),
    }),

    /** @param {string[]} ids newest last */
    async undo(ids) {
      await undo(ids);
      done();
    },

    /** Read the next older page of the audit. @param {string} action filter */
    async olderAudit(action) {
      const { value } = state().facts.audit;
      dispatch({ type: 'ui', set: { auditBusy: true } });
      try {
        const page = await getAudit({ action, cursor: value.next, limit: AUDIT_PAGE });
        // The reader may have chosen another filter while the answer was under way.
        if (state().facts.audit.key === action) dispatch({ type: 'audit', key: action, page, newest: false });
      } catch (error) {
        toast('bad', explain(error).text);
      }
      dispatch({ type: 'ui', set: { auditBusy: false } });
    },
  };

  /**
   * In pieces of about a second each, never more than were confirmed: a copy that fails again joins
   * the same group, so "until nothing is left" may have no end. The oldest go first.
   */
  async function retryGroup({ fingerprint, task_types: types, retryable }, limit, reason) {
    const told = { retried: 0, at: serverNow(state()), trial: limit !== null, busy: true, ids: /** @type {string[]} */ ([]) };
    const tell = (more) => {
      Object.assign(told, more);
      dispatch({ type: 'ui', set: { retries: { ...state().ui.retries, [fingerprint]: { ...told } } } });
    };
    tell({});
    await attempt(async () => {
      /** @type {string|undefined} */
      let operation_id;
      for (let left = limit ?? retryable; left > 0;) {
        const answer = await retryFailures(fingerprint, { limit: left, reason: reason || undefined, operation_id });
        operation_id = answer.operation_id;
        left = answer.retried ? left - answer.retried : 0;
        tell({ retried: told.retried + answer.retried });
      }
      toast('good', `${plural(told.retried, 'task is', 'tasks are')} on the way again.`);
      if (told.trial) tell({ ids: await newTasks(types, told.at - 1000) });
    });
    tell({ busy: false });
    reread('trial');
  }

  /** The tasks that a trial has made: of these types, since then, and made out of others. */
  async function newTasks(types, since) {
    const q = types.map((type) => `type:"${type.replace(/[\\"]/g, '\\$&')}"`).join(' ');
    const { tasks } = await findTasks({ q, from: new Date(since).toISOString(), limit: PIECE });
    return tasks.filter((task) => task.retry_of).slice(0, TRIAL).map((task) => task.task_id);
  }
}

function typed(n, name) {
  return n > TYPED_ABOVE ? [String(n), name].filter(Boolean) : undefined;
}
