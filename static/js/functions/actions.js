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
  const say = (name, set) => {
    const { name: of, chosen } = state().ui.invoked ?? {};
    dispatch({ type: 'ui', set: { invoked: { name, chosen: of === name ? chosen : '', ...set } } });
  };
  return {
    async invoke(name, event, type) {
      say(name, { busy: type === 'sync' });
      try {
        const answer = await invokeFunction(name, event, type);
        say(name, type === 'sync' ? { answer } : {});
        if (type === 'async') toast('good', texts.accepted(name), { taskId: answer.task_id });
      } catch (error) {
        say(name, { problem: explain(error).text });
      }
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
