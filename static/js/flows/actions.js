/* What an operator can do with flows: cancel one, run nodes of one again. */

import { cancelFlow, retryFlow } from '../api/flows.js';
import { createAttempt } from '../components/notify.js';
import { nameOf } from './pieces.js';
import * as texts from '../texts/flows.js';

/** @typedef {import('../state/flows.js').Flow} Flow */

/**
 * @param {import('../state/store.js').Store} store
 * @param {import('../state/actions.js').Toast} toast
 * @param {import('../state/actions.js').Reread} reread
 * @returns {import('../state/actions.js').FlowActions}
 */
export function createFlowActions({ dispatch }, toast, reread) {
  const attempt = createAttempt(toast, () => reread('flows', 'flow', 'audit'));
  const ask = (question) => dispatch({ type: 'question', question });
  const retry = (flow, node) => (reason) => attempt(async () => {
    await retryFlow(flow.flow_id, node, reason);
    toast('good', texts.retried(nameOf(flow)));
  });
  return {
    askCancelFlow: (flow) => ask({
      title: texts.CANCEL_ASK.title(nameOf(flow)), text: texts.CANCEL_ASK.text, verb: texts.CANCEL, danger: true,
      run: (reason) => attempt(async () => {
        await cancelFlow(flow.flow_id, reason);
        toast('good', texts.cancelled(nameOf(flow)));
      }),
    }),
    askRetryFlow: (flow) => ask({
      title: texts.RETRY_ASK.title(nameOf(flow)), text: texts.RETRY_ASK.text, verb: texts.RETRY, run: retry(flow, null),
    }),
    askRetryFrom: (flow, node) => ask({
      title: texts.RETRY_FROM_ASK.title(node), text: texts.RETRY_FROM_ASK.text, verb: texts.RETRY_FROM, run: retry(flow, node),
    }),
  };
}
