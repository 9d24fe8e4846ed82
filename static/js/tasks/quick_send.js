/* One click for each task type: send it with its example. The second click of a double click sends
   nothing. */

import { h } from '../lib/dom.js';
import { icon } from '../components/icons.js';
import * as texts from '../texts/overview.js';

/**
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 * @param {boolean} [first] nothing has been sent yet: this is what to do
 */
export function quickSend({ taskTypes }, actions, first = false) {
  const ready = readyTypes(taskTypes);
  if (!ready.length) return null;
  return h('section', { class: first ? 'quick first' : 'quick', key: 'quick', 'aria-label': texts.SEND_EXAMPLE,
    data: { needs: 'submitter' } },
    h('h2', null, texts.TRY_IT),
    h('div', { class: 'quick-row' }, ready.slice(0, 8).map((type) => h('button', {
      type: 'button', class: 'quick-button', key: type.task_type, title: type.description,
      data: { testid: `quick-${type.task_type}` }, on: { click: ({ detail }) => detail > 1 || send(type, actions) },
    }, icon('send'), h('span', { class: 'quick-name' }, type.task_type), h('span', { class: 'tag' }, type.queue)))));
}

/** Types that can be sent as they are: with an example, into their own queue. @param {any[]|null} types */
export function readyTypes(types) {
  return (types ?? []).filter(({ example, queue, queues }) => Object.keys(example ?? {}).length
    && (!queues?.length || queues.includes(queue)));
}

function send(type, actions) {
  const payload = JSON.stringify(type.example);
  actions.submit(`{"task_type":${JSON.stringify(type.task_type)},"payload":${payload}}`, payload);
}
