/* What an admin can do with API keys: create and revoke them. And what everybody can: sign in and out. */

import { createKey, revokeKey } from '../api/keys.js';
import { explain } from '../api/problem.js';
import { signIn, signOut } from '../api/session.js';
import { ApiProblem } from '../api/tasks.js';
import { createAttempt } from '../components/notify.js';
import { fromHere, pageUrl } from '../lib/router.js';
import * as texts from '../texts/keys.js';

/**
 * @param {import('../state/store.js').Store} store
 * @param {import('../state/actions.js').Toast} toast
 * @param {import('../state/actions.js').Reread} reread
 * @param {() => void} retryNow connects and reads again
 * @returns {import('../state/actions.js').KeyActions}
 */
export function createKeyActions({ dispatch }, toast, reread, retryNow) {
  const done = () => reread('keys', 'session', 'audit');
  const attempt = createAttempt(toast, done);
  const show = (newKey) => dispatch({ type: 'ui', set: { newKey } });
  const signedIn = (value) => dispatch({ type: 'fact', name: 'session', value });

  return {
    async createKey(body) {
      const goOn = fromHere();
      try {
        const { key, name } = await createKey(body);
        show(key);
        toast('good', texts.created(name));
        goOn(pageUrl('keys'));
        done();
        return [];
      } catch (error) {
        const { code, text } = explain(error);
        if (error instanceof ApiProblem && error.errors.length) return error.errors;
        return [code === 'key_name_taken' ? { pointer: '/name', message: text } : { pointer: '', message: texts.notCreated(text) }];
      }
    },
    forgetKey: () => show(null),
    askRevokeKey: (key) => dispatch({ type: 'question', question: {
      title: texts.REVOKE_ASK.title(key.name), text: texts.REVOKE_ASK.text, verb: texts.REVOKE, danger: true,
      run: (reason) => attempt(async () => {
        await revokeKey(key.id, reason);
        toast('good', texts.revoked(key.name));
      }),
    } }),
    async signIn(key) {
      try {
        signedIn(await signIn(key));
      } catch (error) {
        const { code, text } = explain(error);
        return code === 'unauthorized' ? texts.REJECTED : text;
      }
      dispatch({ type: 'dialog', dialog: null });
      retryNow();
      return '';
    },
    signOut: () => attempt(async () => {
      await signOut();
      signedIn(null);
      location.reload();
    }),
  };
}
