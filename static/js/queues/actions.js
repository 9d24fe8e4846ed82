/* What an operator does to a queue: pause, drain, resume, purge it. What matters is asked first. */

import { changeQueue } from '../api/operators.js';
import { createAttempt } from '../components/notify.js';
import { proofsFor } from '../components/proof.js';
import { plural } from '../lib/format.js';

/**
 * @param {import('../state/store.js').Store} store
 * @param {import('../state/actions.js').Toast} toast
 * @param {import('../state/actions.js').Reread} reread
 */
export function createQueueActions({ dispatch }, toast, reread) {
  const attempt = createAttempt(toast, () => reread('recentAudit', 'audit', 'failures'));
  /** @param {import('../state/records.js').Question} question */
  const ask = (question) => dispatch({ type: 'question', question });
  const change = (queue, verb, said) => (reason = '') => attempt(async () => {
    dispatch({ type: 'queueChanged', ...(await changeQueue(queue, verb, reason)) });
    toast('good', said);
  });

  return {
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
      verb: `Purge ${plural(queued, 'task')}`, danger: true, typed: proofsFor(queued, queue),
      run: (reason) => attempt(async () => {
        const answer = await changeQueue(queue, 'purge', reason);
        toast('good', `${plural(answer.purged, 'task')} of the ${queue} queue ${answer.purged === 1 ? 'was' : 'were'} cancelled.`,
          { undo: answer.undo_id ? [answer.undo_id] : [] });
      }),
    }),
  };
}
