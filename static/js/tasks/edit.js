/* Changes a task that waits: its payload, its start, its place in the queue, its tags. Only what was
   changed is sent, with the state that it was seen in, so that nobody's change is undone unseen. */

import { h } from '../lib/dom.js';
import { againUrl, fromHere, go, taskUrl } from '../lib/router.js';
import { jsonObject } from '../state/schedules.js';
import { isTerminal, isWaiting } from '../state/task_state.js';
import { createDraft } from '../components/draft.js';
import { button } from '../components/parts.js';
import { auditFields } from '../components/question_dialog.js';
import { placeFields } from './options_part.js';
import { payloadEditor } from './payload_editor.js';
import { placeErrors } from './payload_form.js';
import { startPart } from './start_part.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/submit.js';
import * as task from '../texts/task.js';

const draft = createDraft(texts.CHANGED_LABELS);

/**
 * @param {import('../state/records.js').Task} record as it is now
 * @param {any[]|null} taskTypes
 * @param {import('../state/actions.js').Actions} actions
 * @param {boolean} canSubmit whether a task that has started can be run again from here
 */
export function editForm(record, taskTypes, actions, canSubmit) {
  const id = record.task_id;
  if (!taskTypes) return h('p', { class: 'booting', key: 'edit-soon' }, common.LOADING);
  const waits = isWaiting(record);
  const type = taskTypes.find((each) => each.task_type === record.task_type) ?? null;
  const { form: { element, send }, key, news } = draft.show(id, record.updated_at ?? '',
    (of) => create(record, type, actions, of), actions.redraw);
  send.disabled = !waits || Boolean(news || element.dataset.busy);
  return h('section', { class: 'block', key: 'edit', data: { testid: 'edit' } },
    h('div', { class: 'block-head' }, h('h3', null, texts.EDIT_TITLE), h('a', { href: taskUrl(id) }, task.BACK_TO_TASK)),
    h('p', { class: 'soft' }, texts.EDIT_MEANS),
    h('div', { role: 'status', key: 'late' }, !waits && h('p', { class: 'note', data: { testid: 'edit-late' } },
      isTerminal(record) ? texts.HAS_ENDED : texts.HAS_STARTED, ' ',
      canSubmit && h('a', { href: againUrl(id) }, task.RUN_AGAIN_BUTTON))),
    h('div', { key, wake: (host) => host.append(element) }),
    h('div', { role: 'status', key: 'news' }, waits && news));
}

/** @param {{members: import('../components/draft.js').Members, first: import('../components/draft.js').Members, from: any}} [of] a draft */
function create(record, type, actions, of) {
  const id = record.task_id;
  const prefix = `edit-${id.slice(0, 8)}`;
  const due = record.scheduled_for ?? record.next_retry_at;
  const payload = payloadEditor(of ? { payload: of.members.payload } : record, type, prefix);
  const start = of?.from.start ?? startPart(prefix, { due });
  const { priority, tags } = placeFields(prefix, of
    ? { queue_priority: Number(of.members.queue_priority), tags: JSON.parse(of.members.tags) } : record);
  const audit = of?.from.audit ?? auditFields(prefix);
  const other = h('ul', { class: 'form-errors', role: 'alert' });
  const send = /** @type {HTMLButtonElement} */ (h('button', { type: 'submit', class: 'button primary', data: { testid: 'save-task' } },
    texts.SAVE));
  const values = () => ({ payload: payload.text(), queue_priority: priority.text() ?? '0', tags: tags.text() ?? '[]' });
  const members = () => ({ ...values(), start: JSON.stringify(due) });
  const first = of?.first ?? members();
  const faults = (list) => placeErrors(form, new Map([...payload.controls, ...start.controls, ...priority.controls, ...tags.controls]),
    other, list);

  function body() {
    const changed = Object.entries(values()).filter(([name, text]) => text !== first[name]);
    const reason = audit.reason();
    return jsonObject({
      ...Object.fromEntries(changed), ...start.members(), if_updated_at: JSON.stringify(record.updated_at),
      ...(reason ? { reason: JSON.stringify(reason) } : {}),
    });
  }

  const leave = (on = go) => {
    draft.drop(form);
    on(taskUrl(id));
  };

  async function submit(event) {
    event.preventDefault();
    const wrong = payload.problem();
    if (wrong) return faults([{ pointer: '/payload', message: wrong }]);
    form.dataset.busy = 'yes';
    send.disabled = true;
    const on = fromHere();
    const errors = await actions.change(id, body());
    delete form.dataset.busy;
    send.disabled = false;
    faults(errors);
    if (!errors.length) leave(on);
  }

  const form = h('form', {
    class: 'submit-form', novalidate: true, on: { submit }, data: { testid: 'edit-form' }, 'aria-label': texts.EDIT_TITLE,
  },
    payload.element, start.element,
    h('div', { class: 'fields' }, priority.element, tags.element), h('div', { class: 'fields' }, audit.places),
    other, h('div', { class: 'actions' }, send, button(texts.DISCARD, () => leave(), { data: { testid: 'leave-edit' } })));
  return { element: form, send, start, audit, first, members };
}
