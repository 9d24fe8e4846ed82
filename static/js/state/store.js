/* The one place that holds the state of a page, and the one function that changes it. The reducer is
   pure: no clock, no network, no page. Views read the state, actions and the live loop dispatch. */

import { PAGE_STEPS } from './page_steps.js';
import { SEARCH_STEPS } from './search_steps.js';
import { SERVICE_STEPS } from './service_steps.js';
import { TASK_STEPS } from './task_steps.js';

/**
 * @typedef {import('./page_state.js').State} State
 * @typedef {ReturnType<typeof createStore>} Store
 * @typedef {(state: State, action: any) => State} Step
 * @typedef {{type: keyof typeof STEPS, [detail: string]: any}} Action
 */

const STEPS = { ...SERVICE_STEPS, ...TASK_STEPS, ...SEARCH_STEPS, ...PAGE_STEPS };

/**
 * @param {State} state
 * @param {Action} action
 * @returns {State}
 */
export function reduce(state, action) {
  const step = /** @type {Step} */ (STEPS[action.type]);
  return step(state, action);
}

/**
 * @param {State} state
 * @returns {{state: () => State, dispatch: (action: Action) => void, subscribe: (f: () => void) => void}}
 */
export function createStore(state) {
  const listeners = new Set();
  return {
    state: () => state,
    dispatch(action) {
      const next = reduce(state, action);
      if (next === state) return;
      state = next;
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => listeners.add(listener),
  };
}
