/* The form that makes a schedule, or changes one. Kept, so that a draft survives a look at another
   page; only what was changed is sent, with the state that it was seen in, so that nobody's change is
   undone unseen. */

import { h } from '../lib/dom.js';
import { prettyText, sameJson, visible } from '../lib/json_text.js';
import { go, pageUrl } from '../lib/router.js';
import { FIRST_RULE, jsonObject, NO_RULE } from '../state/schedules.js';
import { createDraft } from '../components/draft.js';
import { checkField, fieldPart, plainField } from '../components/field.js';
import { button, emptyState, loadFailure } from '../components/parts.js';
import { prose } from '../components/prose.js';
import { jsonProblem, payloadPart, placeErrors, queueSelect, tagsIn } from '../tasks/payload_form.js';
import { auditPart } from '../components/question_dialog.js';
import { ruleFields } from './rule_fields.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/schedules.js';
import * as task from '../texts/task.js';

/** @typedef {import('../components/draft.js').EditForm & {refresh: (state: import('../state/store.js').State) => void}} Form */
/** @type {Form|null} the draft of a new one */
let made = null;
const draft = createDraft(texts.FORM.members);

/** The form of a new one. @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function newSchedule(state, actions) {
  const { taskTypes, problem } = state;
  if (!taskTypes) return loading(problem);
  if (!taskTypes.length) {
    return h('div', { key: 'none' }, emptyState(task.NO_TASK_TYPES, task.ADD_MODULE[0], h('code', null, '@task'), task.ADD_MODULE[1]));
  }
  made ??= build('new-schedule', FIRST_RULE, actions, newWhat(taskTypes), (form) => {
    if (made?.element === form) made = null;
  });
  return place('new', made, state);
}

/**
 * The form of one that is there.
 * @param {import('../state/schedules.js').Schedule} schedule
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function scheduleForm(schedule, state, actions) {
  const { taskTypes, problem } = state;
  if (!taskTypes) return loading(problem);
  const type = taskTypes.find((each) => each.task_type === schedule.task_type) ?? null;
  const make = (of) => {
    const shown = of ? { ...schedule, ...definedBy(of.members) } : schedule;
    return build('edit-schedule', shown, actions, knownWhat(shown, type), draft.drop, of);
  };
  const { form, key, news } = draft.show(`${schedule.name} ${schedule.created_at}`, schedule.updated_at, make, actions.redraw);
  form.send.disabled = Boolean(news || form.element.dataset.busy);
  return [place(key, form, state), h('div', { role: 'status', key: 'news' }, news)];
}

function loading(problem) {
  return problem ? h('div', { key: 'broken' }, loadFailure(problem, 'the task types'))
    : h('p', { class: 'booting', key: 'loading' }, common.loading('task types'));
}

function place(key, form, state) {
  form.refresh(state);
  return h('div', { key, wake: (host) => host.append(form.element) });
}

/**
 * @param {string} prefix
 * @param {any} schedule what the form is filled with at first
 * @param {import('../state/actions.js').Actions} actions
 * @param {{head: HTMLElement, controls: () => Map<string, import('../components/field.js').Control>, fixed: () => Record<string, string>,
 *   payload: () => string, problem: () => string, verb: string, name: () => string, isNew: boolean}} what
 * @param {(form: HTMLElement) => void} done this draft is not wanted any more
 * @param {{first: import('../components/draft.js').Members, from: any}} [of] it is a draft of that form
 */
function build(prefix, schedule, actions, what, done, of) {
  const rule = ruleFields(prefix, schedule, actions);
  const tags = fieldPart(plainField('tags', 'Tags', { example: (schedule.tags ?? []).join(' '), required: false, hint: texts.FORM.tags }),
    prefix);
  const overlap = checkField(`${prefix}-overlap`, texts.FORM.overlap, schedule.overlap ?? true, texts.FORM.overlapMeans);
  const paused = what.isNew && checkField(`${prefix}-paused`, texts.FORM.paused, false, texts.FORM.pausedMeans);
  const audit = of?.from.audit ?? auditPart(`${prefix}-audit`);
  const other = h('ul', { class: 'form-errors', role: 'alert' });
  const send = /** @type {HTMLButtonElement} */ (h('button', { type: 'submit', class: 'button primary', data: { testid: 'save-schedule' } },
    what.verb));
  const controls = () => new Map([...what.controls(), ...rule.controls, ...tags.controls]);

  const tagsInput = /** @type {HTMLInputElement} */ (tags.controls.get('/tags')?.input);

  /** Each member as JSON text; the rule is one, because its parts mean something only together. */
  const members = () => ({
    payload: what.payload(),
    tags: JSON.stringify(tagsIn(tagsInput.value)),
    rule: jsonObject(rule.members()),
    overlap: String(overlap.input.checked),
  });
  const all = () => ({ ...members(), paused: String(schedule.paused) });
  const first = of?.first ?? all();

  function body() {
    const { rule: _, ...now } = members();
    const changed = Object.fromEntries(Object.entries(now).filter(([name, text]) => what.isNew || text !== first[name]));
    const ruled = what.isNew || jsonObject(rule.members()) !== first.rule ? rule.members() : {};
    const reason = audit.reason();
    return {
      ...what.fixed(), ...changed, ...ruled, ...(what.isNew ? {} : { if_updated_at: JSON.stringify(schedule.updated_at) }),
      ...(paused && paused.input.checked ? { paused: 'true' } : {}), ...(reason ? { reason: JSON.stringify(reason) } : {}),
    };
  }

  async function submit(event) {
    event.preventDefault();
    const wrong = what.problem();
    if (wrong) return placeErrors(form, controls(), other, [{ pointer: '/payload', message: wrong }]);
    form.dataset.busy = 'yes';
    send.disabled = true;
    const errors = await actions.saveSchedule(what.name(), jsonObject(body()), what.isNew);
    delete form.dataset.busy;
    send.disabled = false;
    if (!errors.length) return done(form);
    const also = rule.errors().filter(({ pointer }) => errors.every((each) => each.pointer !== pointer));
    placeErrors(form, controls(), other, [...errors, ...also]);
  }

  const form = h('form', {
    class: 'schedule-form', novalidate: true, 'aria-label': what.verb, data: { testid: 'schedule-form' }, on: { submit },
  },
    section('What', what.head), section('When', rule.element),
    section('How', h('div', { class: 'fields' }, tags.element, h('div', { class: 'checks' }, overlap.element, paused && paused.element))),
    audit.element, other,
    h('div', { class: 'actions' }, send, button(common.CANCEL, () => {
      done(form);
      go(pageUrl('schedules'));
    }, { data: { testid: 'leave-schedule' } })));
  return { element: form, send, audit, first, members: all, refresh: rule.refresh };
}

/** Name, task type, queue and payload of a new one. */
function newWhat(taskTypes) {
  const prefix = 'new-schedule';
  const name = fieldPart(plainField('name', 'Name', { hint: texts.FORM.name }), prefix);
  const nameInput = /** @type {HTMLInputElement} */ (name.controls.get('/name')?.input);
  nameInput.placeholder = 'nightly-report';
  nameInput.maxLength = 100;
  const types = taskTypes.map((each) => JSON.stringify(each.task_type));
  const kind = fieldPart(plainField('task_type', 'Task type', { kind: 'enum', options: types, example: taskTypes[0].task_type }), prefix);
  const select = /** @type {HTMLSelectElement} */ (kind.controls.get('/task_type')?.input);
  const about = h('p', { class: 'hint' });
  select.dataset.testid = 'schedule-type';
  select.addEventListener('change', show);
  kind.element.append(about);
  const queuePlace = h('div', { class: 'queue-place' });
  const payloadPlace = h('div');
  /** @type {Map<string, any>} a look at another type loses nothing */
  const drafts = new Map();
  const draft = () => drafts.get(select.value);

  function show() {
    const type = taskTypes[types.indexOf(select.value)];
    if (!drafts.has(select.value)) {
      const own = `${prefix}-${type.task_type}`;
      drafts.set(select.value, { payload: payloadPart(type, own), queue: queueSelect(type, own) });
    }
    about.replaceChildren(...prose(type.description));
    queuePlace.replaceChildren(draft().queue.element);
    payloadPlace.replaceChildren(draft().payload.element);
  }

  show();
  return {
    isNew: true, verb: texts.FORM.create, problem: () => '',
    head: h('div', { class: 'schedule-what' }, h('div', { class: 'fields' }, name.element, kind.element, queuePlace), payloadPlace),
    controls: () => new Map([...name.controls, ...kind.controls, ...draft().payload.controls]),
    name: () => nameInput.value.trim(),
    payload: () => draft().payload.text(),
    fixed: () => ({
      name: JSON.stringify(nameInput.value.trim()), task_type: select.value,
      ...(draft().queue.select.value ? { priority: JSON.stringify(draft().queue.select.value) } : {}),
    }),
  };
}

/** The payload of one that is there; what it is called and runs cannot be changed. */
function knownWhat(schedule, type) {
  const prefix = 'edit-schedule';
  const asForm = type && payloadPart(type, prefix, schedule.payload);
  // A form that cannot say the whole payload would change it behind the reader's back.
  const payload = asForm && sameJson(asForm.text(), schedule.payload) ? asForm : jsonPart(prefix, schedule.payload);
  return {
    isNew: false, verb: texts.FORM.save, name: () => schedule.name, fixed: () => ({}),
    head: h('div', { class: 'schedule-what' },
      h('p', { class: 'soft' }, h('b', null, visible(schedule.task_type)), ' on the ', h('b', null, schedule.queue), texts.FORM.fixed),
      !type && h('p', { class: 'note' }, texts.FORM.unknownType),
      payload.element),
    controls: () => payload.controls, payload: payload.text, problem: payload.problem ?? (() => ''),
  };
}

/** What the members of a form say of a schedule. @param {import('../components/draft.js').Members} members */
function definedBy({ payload, tags, rule, overlap }) {
  return { payload, tags: JSON.parse(tags), overlap: overlap === 'true', ...NO_RULE, ...JSON.parse(rule) };
}

function jsonPart(prefix, source) {
  const part = fieldPart(plainField('payload', 'Payload', { kind: 'json', example: undefined, source: prettyText(source) }), prefix);
  const area = /** @type {HTMLTextAreaElement} */ (part.controls.get('/payload')?.input);
  area.rows = 10;
  return { element: part.element, controls: part.controls, text: () => area.value, problem: () => jsonProblem(area.value) };
}

function section(title, content) {
  return h('section', { class: 'form-part' }, h('h2', null, title), content);
}
