/* How tasks ended since the beginning: one bar and four counts, each a link to those that are kept. */

import { h } from '../lib/dom.js';
import { count, percent } from '../lib/format.js';
import { tasksUrl } from '../lib/router.js';
import { ENDS, everEnded, listed } from '../state/task_state.js';
import { stateBadge } from '../components/parts.js';
import * as texts from '../texts/overview.js';
import { keptOnly } from '../texts/tasks.js';

/** @param {import('../state/records.js').Stats} stats */
export function outcomes({ queues, success_tasks: succeeded, failed_tasks: failed }) {
  const ran = succeeded + failed;
  const ends = ENDS.map((state) => ({ state, ever: sum(queues, state, everEnded), kept: sum(queues, state, listed) }));
  const none = ends.every(({ ever }) => ever === 0);
  return h('div', { class: 'outcomes' },
    h('p', { class: 'rate', title: ran ? texts.SHARE_MEANS : null },
      ran > 0 && h('b', null, percent(succeeded / ran)),
      h('span', { class: 'soft' }, ran ? texts.succeededOf(ran) : none ? texts.NOTHING_FINISHED : texts.NOTHING_RAN)),
    h('div', { class: 'stack', 'aria-hidden': 'true' },
      ends.filter(({ ever }) => ever > 0).map(({ state, ever }) =>
        h('i', { key: state, data: { state }, style: { 'flex-grow': String(ever) } }))),
    h('ul', null, ends.map(({ state, ever, kept }) =>
      h('li', { key: state },
        h('a', { href: tasksUrl({ state }), title: keptOnly(kept, ever), data: { testid: `outcome-${state.toLowerCase()}` } },
          stateBadge(state), h('b', null, count(ever)))))));
}

function sum(queues, state, numberOf) {
  return queues.reduce((total, queue) => total + numberOf(queue, state), 0);
}
