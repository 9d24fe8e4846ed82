/* What changes with what a search has found, and with the rows that are chosen. Pure. */

import { serverNow } from './page_state.js';
import * as search from './search_results.js';
import { isEmpty, leaveOut } from './selection.js';
import { withoutAnswered } from './task_steps.js';

export const SEARCH_STEPS = {
  found: (state, { answer: sent, how = 'head', cursor = '' }) => {
    const answer = { ...sent, tasks: sent.tasks.map((task) => ({ ...task, read_at: serverNow(state) })) };
    return withoutAnswered({
      ...state,
      foundProblem: null,
      found: how === 'head' ? search.receiveHead(state.found, answer)
        : how === 'more' ? search.receiveMore(state.found, answer) : search.receiveAgain(state.found, answer, cursor),
    }, sent.tasks);
  },
  foundProblem: (state, { problem }) => ({ ...state, foundProblem: problem }),
  foundAnew: (state) => ({ ...state, found: { ...state.found, goingOn: false } }),
  /** After an action on the rows, their new states are shown even while the rows are held. */
  acted: (state, { everything }) => ({ ...state,
    found: everything ? { ...state.found, loaded: false, goingOn: false } : { ...state.found, eased: true } }),
  reading: (state, { on }) => ({ ...state, reading: on }),
  deleted: (state, { ids }) => select({ ...state, found: search.without(state.found, ids) }, leaveOut(state.selection, ids)),
  letIn: (state) => ({ ...state, found: search.letIn(state.found) }),
  holdFound: (state, { reason, on }) => {
    if (Boolean(state.holds[reason]) === on) return state;
    const holds = { ...state.holds, [reason]: on };
    return { ...state, holds, found: search.hold(state.found, isHeld(holds, state.selection)) };
  },
  select: (state, { selection }) => select(state, selection),
  wish: (state, { wish }) => ({ ...state, wish, dialog: wish ? 'confirm' : state.dialog === 'confirm' ? null : state.dialog }),
  operation: (state, { operation }) => ({ ...state, operation }),
};

function select(state, selection) {
  return { ...state, selection, found: search.hold(state.found, isHeld(state.holds, selection)) };
}

function isHeld(holds, selection) {
  return Object.values(holds).some(Boolean) || !isEmpty(selection);
}
