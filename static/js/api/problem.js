/* What went wrong, for people. */

import { ApiProblem } from './tasks.js';
import * as texts from '../texts/shell.js';

/**
 * @param {any} error
 * @returns {import('../state/records.js').Problem}
 */
export function explain(error) {
  if (error instanceof ApiProblem) {
    // The server tells programs which header to send.
    if (error.code === 'unauthorized') return { code: error.code, text: texts.SIGN_IN_FIRST };
    return { code: error.code, text: error.message, requestId: error.requestId, errors: error.errors };
  }
  if (error?.code === 'unreachable') return { code: 'unreachable', text: error.message };
  // A bug of ours: report it on the console, so that callers that wait for the end do not hang.
  reportError(error);
  return { code: 'unexpected', text: texts.SOMETHING_BROKE };
}
