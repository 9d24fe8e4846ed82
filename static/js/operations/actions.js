/* What an operator does to what was done: take it back, and look further into the past. */

import { getAudit } from '../api/operators.js';
import { explain } from '../api/problem.js';
import { undo } from '../api/tasks.js';
import { AUDIT_PAGE } from '../state/page_filters.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/tasks.js';

/**
 * @param {import('../state/store.js').Store} store
 * @param {import('../state/actions.js').Toast} toast
 * @param {() => void} refresh reads the list of tasks again
 * @param {import('../state/actions.js').Reread} reread
 */
export function createAuditActions({ dispatch, state }, toast, refresh, reread) {
  return {
    /** @param {string[]} ids newest last */
    async undo(ids) {
      try {
        toast('good', texts.undone(await restore(ids)));
      } catch (error) {
        toast('bad', common.notUndone(explain(error).text));
      }
      dispatch({ type: 'acted', everything: true });
      refresh();
      reread('recentAudit', 'audit', 'failures');
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
}

/** Take operations back, the newest first, each in as many requests as it needs. */
async function restore(ids) {
  let restored = 0;
  for (const id of [...ids].reverse()) {
    for (let left = 1; left > 0;) {
      const answer = await undo(id);
      restored += answer.restored;
      left = answer.restored ? answer.left : 0;
    }
  }
  return restored;
}
