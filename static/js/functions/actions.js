/* What can be done with functions: invoke one, save and delete its test events. */

import { deleteEvent, invokeFunction, saveEvent } from '../api/functions.js';
import { explain } from '../api/problem.js';
import { createAttempt } from '../components/notify.js';
import * as texts from '../texts/functions.js';

/**
 * @param {import('../state/store.js').Store} store
 * @param {import('../state/actions.js').Toast} toast
 * @param {import('../state/actions.js').Reread} reread
 * @returns {import('../state/actions.js').FunctionActions}
 */
export function createFunctionActions({ dispatch, state }, toast, reread) {
  const attempt = createAttempt(toast, () => reread('functionEvents'));
  /** Each function has its own: its answer may come when another one is open, or another event is chosen. */
  const say = (name, set) => {
    const { invoked = {} } = state().ui;
    dispatch({ type: 'ui', set: { invoked: { ...invoked, [name]: { ...invoked[name], ...set } } } });
  };
  return {
    noteInvocation: say,
    async invoke(name, event, type) {
      const waits = type === 'sync';
      say(name, { problem: '', ...(waits && { busy: true, answer: null }) });
      try {
        const answer = await invokeFunction(name, event, type);
        if (waits) say(name, { answer });
        else toast('good', texts.accepted(name), { taskId: answer.task_id });
      } catch (error) {
        say(name, { problem: explain(error).text });
      }
      if (waits) say(name, { busy: false });
      reread('function', 'functions');
    },
    async saveEvent(name, event, body) {
      let saved = false;
      await attempt(async () => {
        await saveEvent(name, event, body);
        saved = true;
        toast('good', texts.saved(event));
      });
      return saved;
    },
    deleteEvent: (name, event) => attempt(async () => {
      await deleteEvent(name, event);
      say(name, { chosen: '' });
      toast('good', texts.deleted(event));
    }),
  };
}
