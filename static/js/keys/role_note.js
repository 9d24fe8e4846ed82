/* Why buttons are missing: one line above each page, for who may not do everything. */

import { h } from '../lib/dom.js';
import { visible } from '../lib/json_text.js';
import { ownRole, reachOf } from '../state/keys.js';
import * as texts from '../texts/keys.js';

/** @param {import('../state/store.js').State} state */
export function roleNote(state) {
  const session = state.facts.session?.value;
  const reach = session ? reachOf(session) : [];
  const lines = [texts.LACKS[ownRole(state)], reach.length > 0 && texts.limitedTo(visible(reach.join(', ')))].filter(Boolean);
  return lines.length > 0 && h('p', { class: 'role-note', key: 'role', data: { testid: 'role-note' } }, lines.join(' '));
}
