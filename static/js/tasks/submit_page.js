/* The submit page: choose a task type on the left, fill in its form on the right. */

import { h } from '../lib/dom.js';
import { plural } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { go, pageUrl } from '../lib/router.js';
import { submitForm } from './form.js';
import { emptyState, loadFailure } from '../components/parts.js';
import { breakable, prose } from '../components/prose.js';
import { quickSend } from './quick_send.js';
import { latestTasks } from './latest.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/task.js';

/** Forms live as long as the page, like the choice: a draft is not lost by looking elsewhere. Each with what its type
   was then: after a restart with other code it may be another. @type {Map<string, {shape: string, element: HTMLElement}>} */
const forms = new Map();
let chosen = '';

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function submitPage(state, actions) {
  return h('div', { class: 'page', key: 'submit', data: { view: 'submit' } },
    h('h1', { class: 'page-title' }, 'Submit a task'), quickSend(state, actions),
    workbench(state, actions), latestTasks(state, actions));
}

function workbench({ taskTypes, problem, route: { params } }, actions) {
  if (!taskTypes) {
    return h('div', { key: 'wait' },
      problem ? loadFailure(problem, 'the task types') : h('p', { class: 'booting' }, common.loading('task types')));
  }
  if (!taskTypes.length) {
    return h('div', { key: 'wait' }, emptyState(texts.NO_TASK_TYPES, texts.ADD_MODULE[0], h('code', null, '@task'), texts.ADD_MODULE[1]));
  }
  chosen = params.type ?? chosen;
  const type = taskTypes.find((each) => each.task_type === chosen) ?? taskTypes[0];
  return h('section', { class: 'card workbench', key: 'bench' },
    h('ul', { class: 'type-list', 'aria-label': 'Task types' }, taskTypes.map((each) => h('li', { key: each.task_type },
      h('button', {
        type: 'button', 'aria-pressed': String(each === type), data: { testid: `choose-${each.task_type}` },
        on: { click: () => go(pageUrl('submit', { type: each.task_type }), true) },
      }, h('span', { class: 'type-name' }, breakable(visible(each.task_type))), h('span', { class: 'tag' }, each.queue),
        h('span', { class: 'type-about' }, prose(each.description)))))),
    h('div', { class: 'bench-form' },
      h('div', { class: 'section-head' }, h('h2', null, type.task_type), h('span', { class: 'soft' }, rules(type))),
      formFor(type, actions)));
}

function formFor(type, actions) {
  const { task_type: name, schema, example, queue, queues } = type;
  const shape = JSON.stringify([schema, example, queue, queues]);
  const kept = forms.get(name);
  const { element } = kept?.shape === shape ? kept : { element: submitForm(type, actions) };
  forms.set(name, { shape, element });
  return h('div', { key: `${name} ${shape}`, wake: (host) => host.append(element) });
}

function rules({ retries, retry_delays_s: delays, retry_on: only, no_retry_on: never, timeout_s: timeout }) {
  return [
    retries ? `${plural(retries, 'retry', 'retries')} ${texts.retryDelays(retries, delays)}` : 'no retries',
    only ? texts.retriedErrors(only) : '',
    never.length ? texts.notRetriedErrors(never) : '',
    timeout ? `stopped after ${timeout} s` : '',
  ].filter(Boolean).join(' · ');
}
