/* A traceback as one reads it: the task's own frames lit, those of libraries folded, its end in sight. */

import { h } from '../lib/dom.js';
import { plural } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { blocksOf } from '../lib/traceback.js';

/** @param {string} text @param {string} [label] */
export function traceback(text, label = 'Traceback') {
  const blocks = blocksOf(text);
  // If no frame is the task's own, the last ones are what there is to see.
  const anyOwn = blocks.some(({ kind }) => kind === 'own');
  const last = blocks.findLastIndex(({ kind }) => kind === 'foreign');
  return h('div', {
    class: 'traceback', key: `${label} ${text.length}`, tabindex: 0, role: 'region', dir: 'ltr', 'aria-label': label,
    data: { testid: 'traceback' }, wake: (place) => { place.scrollTop = place.scrollHeight; },
  }, blocks.map((block, i) => draw(block, !anyOwn && i === last)));
}

function draw(block, open) {
  if (block.kind === 'repeat') {
    const what = block.frames === 1 ? 'frame above repeats' : `${block.frames} frames above repeat`;
    return h('p', { class: 'tb-fold' }, `… the ${what} ${plural(block.times, 'more time')}`);
  }
  const text = h('pre', { class: `tb-${block.kind}` }, visible(block.lines.join('\n')));
  return block.kind === 'foreign'
    ? h('details', { class: 'tb-foreign', open }, h('summary', { class: 'tb-fold' }, `${plural(block.frames, 'library frame')}`), text)
    : text;
}
