/* The lines that a task has logged. */

import { h } from '../lib/dom.js';
import { clock } from '../lib/format.js';
import { visible } from '../lib/json_text.js';

/** @param {{at: string, level: string, text: string}[]} lines */
export function logLines(lines) {
  return h('ol', { class: 'log', tabindex: 0, 'aria-label': 'Log' }, lines.map(({ at, level, text }) =>
    h('li', { data: { level } }, h('time', { datetime: at }, clock(at)), h('b', null, level.toLowerCase()),
      h('span', { dir: 'auto' }, visible(text)))));
}
