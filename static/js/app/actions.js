/* All that a reader can do: the parts that the rooms make, and what belongs to the page itself. */

import { createToast } from '../components/notify.js';
import { createFailureActions } from '../failures/actions.js';
import { createFlowActions } from '../flows/actions.js';
import { createFunctionActions } from '../functions/actions.js';
import { copyText } from '../lib/clipboard.js';
import { beneathUrl, go } from '../lib/router.js';
import { cycleTheme } from '../lib/theme.js';
import { createAuditActions } from '../operations/actions.js';
import { createKeyActions } from '../keys/actions.js';
import { createQueueActions } from '../queues/actions.js';
import { createScheduleActions } from '../schedules/actions.js';
import { createTaskActions } from '../tasks/actions.js';
import { createBulkActions } from '../tasks/bulk_actions.js';
import { createTypeActions } from '../types/actions.js';
import { createWebhookActions } from '../webhooks/actions.js';
import * as texts from '../texts/shell.js';

/**
 * @param {import('../state/store.js').Store} store
 * @param {{reread: () => void, more: () => void, retryNow: () => void}} live
 * @param {import('../state/actions.js').Reread} reread
 * @param {{redraw: () => void, drawNow: () => void}} drawing
 * @param {[string, string][]} pages name and title of each
 * @returns {import('../state/actions.js').Actions}
 */
export function createActions(store, live, reread, drawing, pages) {
  const { dispatch, state } = store;
  const toast = createToast(store);
  return {
    dispatch,
    toast,
    ...drawing,
    ...createTaskActions(store, toast, live.reread),
    ...createBulkActions(store, toast, live.reread),
    ...createQueueActions(store, toast, reread),
    ...createFailureActions(store, toast, reread),
    ...createAuditActions(store, toast, live.reread, reread),
    ...createScheduleActions(store, toast, reread),
    ...createFunctionActions(store, toast, reread),
    ...createFlowActions(store, toast, reread),
    ...createTypeActions(store, toast, reread),
    ...createWebhookActions(store, toast, reread),
    ...createKeyActions(store, toast, reread, () => live.retryNow()),
    retryNow: live.retryNow,
    more: live.more,
    scrolledToEnd() {
      const { found, reading, foundProblem } = state();
      if (found.next && found.rows.length && !reading && !foundProblem) live.more();
    },
    pages: () => pages,
    closePanel: () => go(beneathUrl(state().route)),
    cycleTheme() {
      cycleTheme();
      drawing.redraw();
    },
    async copy(text, what) {
      if (await copyText(text)) toast('good', texts.copied(what));
      else toast('bad', texts.COPY_DENIED);
    },
  };
}
