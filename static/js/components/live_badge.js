/* The live badge: whether what is on the page is of now. */

import { h } from '../lib/dom.js';
import { clock } from '../lib/format.js';
import * as texts from '../texts/shell.js';

const STALE_MS = 6_000;

/**
 * @param {import('../state/store.js').State} state
 * @returns {{name: 'live'|'stale'|'reconnecting', text: string, title: string}}
 */
export function liveness({ socket, lastFrameAt, now, problem }) {
  const late = lastFrameAt === null || now - lastFrameAt > STALE_MS;
  if (lastFrameAt !== null && late) {
    return {
      name: 'stale', text: texts.staleSince(clock(lastFrameAt)),
      title: texts.STALE_TITLE,
    };
  }
  if (socket === 'open' && !late && !problem) {
    return { name: 'live', text: texts.LIVE, title: texts.UPDATES };
  }
  return {
    name: 'reconnecting', text: lastFrameAt === null ? texts.CONNECTING : texts.RECONNECTING,
    title: texts.OPENING,
  };
}

/** @param {import('../state/store.js').State} state */
export function liveBadge(state) {
  const { name, text, title } = liveness(state);
  return h('span', { class: 'live', data: { testid: 'live-badge', live: name }, title, role: 'status' },
    h('span', { class: 'live-dot', 'aria-hidden': 'true' }), text);
}
