/* The form of one task type, made from its JSON Schema and filled with its example. Built once and
   kept, so that a draft survives a look at another page. */

import { hasKey } from '../api/session.js';
import { h } from '../lib/dom.js';
import { fromHere } from '../lib/router.js';
import { jsonObject } from '../state/schedules.js';
import { asCurl, asPython } from './snippets.js';
import { base } from '../lib/root.js';
import { button } from '../components/parts.js';
import { optionsPart } from './options_part.js';
import { asksOnce, payloadPart, placeErrors, queueSelect } from './payload_form.js';
import { submitKeys } from './submit_keys.js';
import { submitNote } from './submit_note.js';
import * as common from '../texts/task.js';
import * as texts from '../texts/submit.js';

/**
 * @param {any} type one of GET /api/task-types
 * @param {import('../state/actions.js').Actions} actions
 * @param {{task: import('../state/records.js').Task, payload: import('./payload_form.js').PayloadPart, prefix: string,
 *   onSent: (taskId: string, on: (url: string) => void) => void}} [again] fill it with this task instead of the example; `on`
 *   goes on from the form
 * @returns {HTMLElement}
 */
export function submitForm(type, actions, again) {
  const name = type.task_type;
  const prefix = again?.prefix ?? `f-${name}`;
  const payload = again?.payload ?? payloadPart(type, prefix);
  const queue = queueSelect(type, prefix, again?.task.queue);
  const options = optionsPart(prefix, again?.task);
  const other = h('ul', { class: 'form-errors', role: 'alert' });
  const note = submitNote();
  const keys = submitKeys();
  const verb = again ? common.RUN_AGAIN_VERB : `Submit ${name}`;
  const send = sendButton(verb);
  const bodyText = () => submissionText(name, payload.text(), queue.select.value, options.members());
  const faults = (list) => placeErrors(form, new Map([...payload.controls, ...options.controls]), other, list);

  /** Say what is wrong, as far as anything is. */
  function refuse(refusal) {
    faults(refusal ? refusal.errors : []);
    if (refusal && !refusal.errors.length) faults([{ pointer: '', message: refusal.message }]);
  }

  /** Do it with what the form holds now, unless that is no JSON, or something is under way. */
  async function attempt(run) {
    if (form.dataset.busy) return;
    const wrong = payload.problem();
    note.clear();
    if (wrong) return faults([{ pointer: '/payload', message: wrong }]);
    form.dataset.busy = 'yes';
    send.setAttribute('aria-disabled', 'true'); // and not `disabled`, which would lose the focus
    try {
      await run(bodyText(), fromHere());
    } finally {
      send.removeAttribute('aria-disabled');
      delete form.dataset.busy;
    }
  }

  const asks = asksOnce(faults);
  const submit = (event) => {
    event.preventDefault();
    if (asks(payload, bodyText())) return;
    attempt(async (body, on) => {
      const { answer, refusal, lost } = await actions.submit(body, payload.text(), { key: keys.keyFor(body), onLost: note.repeating });
      keys.answered(lost);
      refuse(refusal);
      if (lost) note.lost();
      else if (answer?.duplicate_of) note.duplicate(answer);
      else note.clear();
      if (answer && !answer.duplicate_of) again?.onSent(answer.task_id, on);
    });
  };

  const check = () => attempt(async (body) => {
    const { forecast, refusal } = await actions.check(body);
    refuse(refusal);
    if (forecast) note.forecast(forecast);
  });

  const form = h('form', {
    class: 'submit-form', novalidate: true, data: { testid: `submit-form-${name}` },
    on: { submit, input: note.clear, change: note.clear }, 'aria-label': verb,
  },
    payload.element, queue.element, options.element, other, note.element,
    h('div', { class: 'actions' }, send, button(texts.CHECK, check, { data: { testid: 'check-button', needs: 'submitter' } }),
      button('Copy as curl', () => actions.copy(asCurl(bodyText(), base(), hasKey()), 'curl command'), {}, 'copy'),
      button('Copy as Python', () => actions.copy(asPython(bodyText(), base(), hasKey()), 'Python program'), {}, 'copy')));
  return form;
}

function sendButton(verb) {
  const props = { type: 'submit', class: 'button primary', data: { testid: 'submit-button', needs: 'submitter' } };
  return /** @type {HTMLButtonElement} */ (h('button', props, verb));
}

/**
 * @param {string} name
 * @param {string} payload JSON text
 * @param {string} queue
 * @param {Record<string, string>} [options] values as JSON texts
 */
export function submissionText(name, payload, queue, options = {}) {
  return jsonObject({
    task_type: JSON.stringify(name), ...(queue ? { priority: JSON.stringify(queue) } : {}), ...options, payload,
  });
}

/** The options of a task that hold for another one like it. @param {{tags?: string[], queue_priority?: number}} task */
export function lastingOptions({ tags = [], queue_priority: place }) {
  return { ...(tags.length ? { tags: JSON.stringify(tags) } : {}), ...(place ? { queue_priority: String(place) } : {}) };
}
