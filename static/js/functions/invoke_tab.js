/* Invoke a function with an event: typed, saved, or one of AWS's; below, the answer with log and receipt. */

import { h } from '../lib/dom.js';
import { prettyText, visible } from '../lib/json_text.js';
import { taskUrl } from '../lib/router.js';
import { jsonFault } from '../state/functions.js';
import { jsonBlock } from '../components/json_view.js';
import { button, stateBadge } from '../components/parts.js';
import { traceback } from '../components/traceback.js';
import { logLines } from '../tasks/log.js';
import { receiptFacts } from '../tasks/receipt.js';
import * as texts from '../texts/functions.js';

/** What was typed for each function: a draft is not lost by looking elsewhere. @type {Map<string, string>} */
const drafts = new Map();
const FIRST = '{\n  "name": "ada"\n}';

/**
 * An event that the function is called with: what was typed, else one that was saved, else a first one.
 * @param {string} name
 * @param {import('../state/store.js').State} state
 */
export function anEventOf(name, state) {
  const draft = drafts.get(name);
  const known = state.facts.functionEvents;
  const saved = known?.key === name ? known.value?.events[0]?.event : undefined;
  return draft && !jsonFault(draft) ? draft : saved ?? FIRST;
}

/**
 * @param {import('../state/functions.js').FunctionDetail} fn
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function invokeTab(fn, state, actions) {
  const known = state.facts.functionEvents;
  const events = known?.key === fn.name && known.value ? known.value : { events: [], templates: [] };
  const mine = state.ui.invoked?.[fn.name] ?? {};
  return [eventForm(fn.name, events, mine, actions), answer(mine, actions)];
}

function eventForm(name, events, { busy, fault = '', chosen = '' }, actions) {
  const draft = () => drafts.get(name) ?? FIRST;
  const say = (set) => actions.noteInvocation(name, set);
  const invoke = (type) => {
    const wrong = jsonFault(draft());
    if (wrong) {
      say({ fault: texts.notJson(wrong) });
      /** @type {HTMLElement|null} */ (document.getElementById('event-text'))?.focus();
    } else actions.invoke(name, draft(), type);
  };
  return h('form', {
    class: 'card invoke-form', key: 'form', novalidate: true, 'aria-label': `Invoke ${name}`, data: { testid: 'invoke-form' },
    on: { submit: (event) => { event.preventDefault(); if (!busy) invoke('sync'); } },
  },
    h('div', { class: 'field json' }, h('label', { for: 'event-text' }, texts.EVENT),
      h('textarea', {
        id: 'event-text', class: 'mono', rows: 9, shows: draft(), key: 'text', spellcheck: 'false', autocomplete: 'off',
        'aria-describedby': 'event-fault', 'aria-invalid': fault ? 'true' : null, data: { testid: 'event-text' },
        on: {
          input: ({ target }) => { drafts.set(name, target.value); if (fault) say({ fault: '' }); },
          keydown: (event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
          },
        },
      }),
      h('p', { class: 'hint' }, texts.EVENT_HINT, ' ', h('span', { class: 'wide-only' }, `${texts.SHORTCUT}.`)),
      h('p', { class: 'field-error', id: 'event-fault', role: 'alert', hidden: !fault, data: { testid: 'event-fault' } }, fault)),
    choose(name, events, chosen, say, actions),
    h('div', { class: 'actions', key: 'do', data: { needs: 'submitter' } },
      h('button', { type: 'submit', class: 'button primary', disabled: Boolean(busy), data: { testid: 'invoke-button' } },
        busy ? texts.INVOKING : texts.INVOKE),
      button(texts.SEND_EVENT, () => invoke('async'),
        { title: texts.SEND_EVENT_MEANS, key: 'async', data: { testid: 'send-event' } }, 'send'),
      h('span', { class: 'save-event push', key: 'save' },
        h('input', { type: 'text', id: 'event-name', maxlength: 64, 'aria-label': texts.SAVE_AS, placeholder: texts.SAVE_AS,
          data: { testid: 'event-name' } }),
        button(texts.SAVE, () => save(name, draft(), say, actions), { key: 'save', data: { testid: 'save-event' } }, 'bookmark'))));
}

function choose(name, { events, templates }, chosen, say, actions) {
  const group = (label, kind, of) => of.length > 0 && h('optgroup', { label, key: kind },
    of.map((each) => h('option', { value: `${kind}:${each.name}`, key: each.name }, visible(each.name))));
  const fill = (value) => {
    const [kind, ...rest] = value.split(':');
    const found = (kind === 'saved' ? events : templates).find((each) => each.name === rest.join(':'));
    if (!found) return;
    drafts.set(name, prettyText(found.event));
    say({ chosen: value, fault: '' });
  };
  const saved = chosen.startsWith('saved:') ? chosen.slice(6) : '';
  return h('div', { class: 'actions', key: 'choose' },
    h('label', { class: 'inline-field' }, texts.FILL_WITH, h('select', {
      id: 'event-choice', shows: chosen, data: { testid: 'event-choice' },
      on: { change: ({ target }) => fill(target.value) },
    }, h('option', { value: '', key: 'none' }, texts.CHOOSE_EVENT), group(texts.SAVED, 'saved', events),
    group(texts.TEMPLATES, 'template', templates))),
    saved && events.some((each) => each.name === saved)
      && button(texts.deleteEvent(visible(saved)), () => actions.deleteEvent(name, saved), { class: 'quiet', key: 'delete',
        data: { needs: 'submitter' } }, 'trash'));
}

function save(name, text, say, actions) {
  const input = /** @type {HTMLInputElement} */ (document.getElementById('event-name'));
  const wrong = jsonFault(text);
  if (wrong) say({ fault: texts.notJson(wrong) });
  else if (!input.value.trim()) input.focus();
  else actions.saveEvent(name, input.value.trim(), text).then((done) => { if (done) input.value = ''; });
}

function answer({ answer: given, problem }, actions) {
  if (problem) {
    return h('p', { class: 'note', key: 'problem', role: 'alert', data: { testid: 'invoke-problem' } }, texts.notInvoked(problem));
  }
  if (!given) return null;
  const { task_id: id, status, error, result, log, receipt } = given;
  return h('section', { class: 'card answer', key: id, 'aria-live': 'polite', data: { testid: 'answer', status } },
    h('div', { class: 'section-head' }, h('h2', null, texts.ANSWER), stateBadge(status), h('a', { href: taskUrl(id) }, texts.OPEN_RUN)),
    error ? failure(error) : status === 'SUCCESS' ? jsonBlock('Result', result, actions)
      : h('p', { class: 'soft', key: 'running' }, texts.STILL_RUNNING),
    receipt && h('section', { class: 'block', key: 'receipt' }, h('h3', null, texts.RECEIPT), receiptFacts(receipt)),
    log.length > 0 && h('section', { class: 'block', key: 'log' }, h('h3', null, texts.LOG), logLines(log)));
}

function failure({ errorType: type, errorMessage: message, stackTrace: frames = [] }) {
  const text = [type, message].filter(Boolean).join(': ');
  return h('section', { class: 'block trouble', key: 'error' },
    h('p', { class: 'error-text', dir: 'auto' }, visible(text)),
    frames.length > 0 && traceback(texts.traceback(frames, text)));
}
