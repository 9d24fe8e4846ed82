/* What one run of a function has used: time, memory, and whether its process was new. */

import { h } from '../lib/dom.js';
import { facts } from '../components/parts.js';
import * as texts from '../texts/functions.js';

/** @param {import('../state/functions.js').Receipt} receipt */
export function receiptFacts(receipt) {
  const { queue_ms: queue, init_ms: init, cpu_ms: cpu, max_memory_mb: used } = receipt;
  const names = texts.RECEIPT_NAMES;
  return h('div', { class: 'receipt', data: { testid: 'receipt' } }, facts(/** @type {[string, string|HTMLElement][]} */ ([
    [names.start, h('span', { class: receipt.cold ? 'chip cold' : 'chip', data: { cold: String(receipt.cold) } },
      receipt.cold ? texts.COLD : texts.WARM)],
    ...(queue === null ? [] : [[names.queue, ms(queue)]]),
    ...(init === null ? [] : [[names.init, ms(init)]]),
    [names.duration, ms(receipt.duration_ms)], [names.billed, ms(receipt.billed_ms)],
    ...(cpu === null ? [] : [[names.cpu, ms(cpu)]]),
    [names.memory, texts.memory(used === null ? '–' : String(used), receipt.memory_mb)],
  ])));
}

/** Short times with a decimal: a warm call takes less than a millisecond. @param {number} value */
function ms(value) {
  if (value < 10) return `${value.toFixed(1)} ms`;
  return value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}
