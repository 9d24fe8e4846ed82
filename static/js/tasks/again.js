/* Runs a task again, with another payload or other options. */

import { h } from '../lib/dom.js';
import { taskUrl } from '../lib/router.js';
import { submitForm } from './form.js';
import { payloadEditor } from './payload_editor.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/task.js';

/** @type {{id: string, element: HTMLElement}|null} kept, so that a refresh takes no letter away */
let made = null;

/**
 * @param {import('../state/records.js').Task} task
 * @param {any[]|null} taskTypes
 * @param {import('../state/actions.js').Actions} actions
 */
export function againForm(task, taskTypes, actions) {
  const id = task.task_id;
  if (!taskTypes) return h('p', { class: 'booting', key: 'again-soon' }, common.LOADING);
  const type = taskTypes.find((each) => each.task_type === task.task_type) ?? null;
  if (made?.id !== id) made = { id, element: create(task, type, actions) };
  const { element } = made;
  return h('section', { class: 'block', key: 'again', data: { testid: 'again' } },
    h('div', { class: 'block-head' }, h('h3', null, texts.RUN_AGAIN), h('a', { href: taskUrl(id) }, texts.BACK_TO_TASK)),
    h('p', { class: 'soft' }, texts.RUN_AGAIN_MEANS),
    h('div', { key: id, wake: (host) => host.append(element) }));
}

function create(task, type, actions) {
  const prefix = `again-${task.task_id.slice(0, 8)}`;
  return submitForm(type ?? { task_type: task.task_type, queue: '' }, actions, {
    task, prefix, payload: payloadEditor(task, type, prefix),
    onSent(taskId, on) {
      if (made?.id === task.task_id) made = null;
      on(taskUrl(taskId));
    },
  });
}
