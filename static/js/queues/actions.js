/* What an operator does to a queue: pause, drain, resume, purge it. What matters is asked first. */

import { changeQueue } from '../api/operators.js';
import { createAttempt } from '../components/notify.js';
import { proofsFor } from '../components/proof.js';
import * as texts from '../texts/queues.js';

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
    resume: (queue) => change(queue, 'resume', texts.resumed(queue))(),

    /** @param {string} queue */
    askPause: (queue) => ask({
      title: texts.PAUSE.title(queue),
      text: texts.PAUSE.text,
      verb: 'Pause', run: change(queue, 'pause', texts.PAUSE.done(queue)),
    }),

    /** @param {{queue: string, paused: boolean}} queue */
    askDrain: ({ queue, paused }) => ask({
      title: texts.DRAIN.title(queue),
      text: texts.DRAIN.text(paused),
      verb: 'Drain', run: change(queue, 'drain', texts.DRAIN.done(queue)),
    }),

    /** @param {{queue: string, queued: number}} queue */
    askPurge: ({ queue, queued }) => ask({
      title: texts.PURGE.title(queued, queue),
      text: texts.PURGE.text(queued),
      verb: texts.PURGE.verb(queued), danger: true, typed: proofsFor(queued, queue),
      run: (reason) => attempt(async () => {
        const answer = await changeQueue(queue, 'purge', reason, { at_most: queued });
        toast('good', texts.PURGE.done(answer.purged, queue), { undo: answer.undo_id ? [answer.undo_id] : [] });
      }),
    }),
  };
}
