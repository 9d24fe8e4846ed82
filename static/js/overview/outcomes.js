/* How tasks ended: one bar and four counts, each a link to those tasks. */

import { h } from '../lib/dom.js';
import { count } from '../lib/format.js';
import { tasksUrl } from '../lib/router.js';
import { stateBadge } from '../components/parts.js';
import * as texts from '../texts/overview.js';

const ENDS = [
  ['SUCCESS', 'success_tasks'],
  ['FAILURE', 'failed_tasks'],
  ['REVOKED', 'revoked_tasks'],
  ['EXPIRED', 'expired_tasks'],
];

/** @param {import('../state/records.js').Stats} stats */
export function outcomes(stats) {
  const tried = stats.success_tasks + stats.failed_tasks;
  return h('div', { class: 'outcomes' },
    h('p', { class: 'rate' },
      tried > 0 && h('b', null, percent(stats.success_tasks / tried)),
      h('span', { class: 'soft' }, tried ? texts.SUCCEEDED : texts.NOTHING_FINISHED)),
    h('div', { class: 'stack', 'aria-hidden': 'true' },
      ENDS.filter(([, field]) => stats[field] > 0).map(([state, field]) =>
        h('i', { key: state, data: { state }, style: { 'flex-grow': String(stats[field]) } }))),
    h('ul', null, ENDS.map(([state, field]) =>
      h('li', { key: state }, h('a', { href: tasksUrl({ state }), data: { testid: `outcome-${state.toLowerCase()}` } },
        stateBadge(state), h('b', null, count(stats[field])))))));
}

/** Never rounded up to 100 %: that would hide a failure. */
function percent(share) {
  return `${share === 1 ? '100' : (Math.floor(share * 1000) / 10).toFixed(1)} %`;
}
