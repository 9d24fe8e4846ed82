/* What an operator can do with task types: set their limits and take them away. */

import { explain } from '../api/problem.js';
import { ApiProblem } from '../api/tasks.js';
import { deleteLimits, getLimits, setLimits } from '../api/type_limits.js';
import { createAttempt } from '../components/notify.js';
import * as texts from '../texts/task_types.js';

/**
 * @param {import('../state/store.js').Store} store
 * @param {import('../state/actions.js').Toast} toast
 * @param {import('../state/actions.js').Reread} reread
 * @returns {import('../state/actions.js').TypeActions}
 */
export function createTypeActions({ dispatch, state }, toast, reread) {
  const done = () => reread('limits', 'audit');
  const attempt = createAttempt(toast, done);
  /** A late answer must not take away the limits of another type. */
  const hold = (name, value) => state().route.item === name && dispatch({ type: 'fact', name: 'limits', key: name, value });
  return {
    async setLimits(name, body) {
      try {
        hold(name, await setLimits(name, body));
        toast('good', texts.isSet(name));
        done();
        return [];
      } catch (error) {
        const { text } = explain(error);
        return error instanceof ApiProblem && error.errors.length ? error.errors : [{ pointer: '', message: texts.notSet(text) }];
      }
    },
    askRemoveLimits: (name) => dispatch({ type: 'question', question: {
      title: texts.REMOVE_ASK.title(name), text: texts.REMOVE_ASK.text, verb: texts.REMOVE,
      run: (reason) => attempt(async () => {
        await deleteLimits(name, reason);
        hold(name, await getLimits(name));
        toast('good', texts.isRemoved(name));
      }),
    } }),
  };
}
