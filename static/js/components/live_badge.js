/* The live badge: whether what is on the page is of now. */

import { h } from '../lib/dom.js';
import { clock } from '../lib/format.js';

const STALE_MS = 6_000;

/**
 * @param {import('../state/store.js').State} state
 * @returns {{name: 'live'|'stale'|'reconnecting', text: string, title: string}}
 */
export function liveness({ socket, lastFrameAt, now, problem }) {
  const late = lastFrameAt === null || now - lastFrameAt > STALE_MS;
  if (lastFrameAt !== null && late) {
    return {
      name: 'stale', text: `Stale since ${clock(lastFrameAt)}`,
      title: 'No statistics have come since then. The page keeps trying and returns by itself.',
    };
  }
  if (socket === 'open' && !late && !problem) {
    return { name: 'live', text: 'Live', title: 'Statistics come every 2 s.' };
  }
  return {
    name: 'reconnecting', text: lastFrameAt === null ? 'Connecting' : 'Reconnecting',
    title: 'The live connection is being opened.',
  };
}

/** @param {import('../state/store.js').State} state */
export function liveBadge(state) {
  const { name, text, title } = liveness(state);
  return h('span', { class: 'live', data: { testid: 'live-badge', live: name }, title, role: 'status' },
    h('span', { class: 'live-dot', 'aria-hidden': 'true' }), text);
}
