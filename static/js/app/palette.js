/* The command palette: one field that leads to every page, to what can be done with queues and
   schedules, to a search, and to a task by its id. */

import { h } from '../lib/dom.js';
import { visible } from '../lib/json_text.js';
import { may, mayOpen, maySteer } from '../state/reach.js';
import { queueNames } from '../state/queue_names.js';
import { nameOf } from '../flows/pieces.js';
import { go, isTaskId, pageUrl, taskUrl, tasksUrl } from '../lib/router.js';
import { READY_MADE, savedSearches } from '../tasks/saved_searches.js';
import { runsOf } from '../state/schedules.js';
import { TASK_STATES } from '../state/task_state.js';
import { combobox } from '../components/combobox.js';
import { OPENED } from '../tasks/saved_searches_menu.js';
import * as texts from '../texts/shell.js';

/**
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function palette(state, actions) {
  const close = () => actions.dispatch({ type: 'dialog', dialog: null, only: 'palette' });
  return h('dialog', {
    key: 'palette', class: 'palette', 'aria-label': texts.GO_OR_DO, data: { testid: 'palette' }, on: { close },
    wake: (dialog) => open(dialog, state, actions, close),
  });
}

function open(dialog, state, actions, close) {
  const input = /** @type {HTMLInputElement} */ (h('input', {
    type: 'text', 'aria-label': texts.GO_OR_DO, placeholder: texts.PALETTE_HINT, maxlength: 1000, data: { testid: 'palette-input' },
  }));
  const commands = commandsOf(state, actions);
  const { list, refresh } = combobox(input, 'palette', {
    always: true,
    suggest: () => [...typedCommands(input.value.trim()), ...fitting(commands, input.value)].slice(0, 12),
    choose({ run }) {
      dialog.close();
      close();
      run();
    },
    enter() {},
    escape: () => dialog.close(),
  });
  dialog.append(input, list, h('p', { class: 'palette-foot faint wide-only', 'aria-hidden': 'true' },
    h('kbd', null, '↑'), h('kbd', null, '↓'), ' choose ', h('kbd', null, 'Enter'), ' go ', h('kbd', null, 'Esc'), ' close'));
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
  refresh();
  dialog.showModal();
  input.focus();
}

function typedCommands(text) {
  if (!text) return [];
  if (isTaskId(text.toLowerCase())) return [{ label: texts.PALETTE.openTask(text.toLowerCase()), note: 'Task',
    run: () => go(taskUrl(text.toLowerCase())) },
  { label: texts.PALETTE.openFlow(text.toLowerCase()), note: 'Flow', run: () => go(pageUrl('flows', {}, text.toLowerCase())) }];
  const id = /^[0-9a-f]{4,}[0-9a-f-]*$/.test(text)
    ? [{ label: texts.PALETTE.findTask(text), note: 'Search', run: () => go(tasksUrl({ q: `id:${text}` })) }] : [];
  return [...id, ...(/[:"]/.test(text) ? [searchFor(text)] : [])];
}

function searchFor(text) {
  return { label: texts.PALETTE.searchFor(text), note: 'Search', run: () => go(tasksUrl({ q: text })) };
}

function fitting(commands, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found = commands.filter(({ label, note, also = '' }) => words.every((word) => `${label} ${note} ${also}`.toLowerCase().includes(
    word)));
  return typed.trim() && !/[:"]/.test(typed) ? [...found, searchFor(typed.trim())] : found;
}

function commandsOf(state, actions) {
  return [
    ...actions.pages().filter(([name]) => mayOpen(state, name)).map(([name, title]) => ({
      label: title, note: 'Page', also: `go to ${name}`, run: () => go(pageUrl(name)),
    })),
    ...['STARTED', 'FAILURE', 'RETRY', 'PENDING'].map((status) => ({
      label: texts.PALETTE.tasksIn(TASK_STATES[status].label), note: 'Tasks', also: status, run: () => go(tasksUrl({ state: status })),
    })),
    ...savedCommands(state, actions),
    ...(state.stats?.queues ?? queueNames().map((queue) => ({ queue }))).flatMap((queue) => queueCommands(queue, state, actions)),
    may(state, 'operator') && { label: texts.PALETTE.newSchedule, note: 'Schedule', also: 'create cron',
      run: () => go(pageUrl('schedules', { new: 'yes' })) },
    ...(state.facts.schedules?.value ?? []).flatMap((schedule) => scheduleCommands(schedule, state, actions)),
    ...(state.facts.flows?.value?.flows ?? []).map((flow) => ({
      label: texts.PALETTE.flow(nameOf(flow)), note: 'Flow', also: flow.flow_id, run: () => go(pageUrl('flows', {}, flow.flow_id)),
    })),
    mayOpen(state, 'webhooks') && { label: texts.PALETTE.newWebhook, note: 'Webhook', also: 'create hook',
      run: () => go(pageUrl('webhooks', { new: 'yes' })) },
    { label: texts.PALETTE.changeTheme, note: 'Page', also: 'dark light', run: actions.cycleTheme },
    { label: texts.SHORTCUTS_TITLE, note: 'Page', also: 'help ?', run: () => actions.dispatch({ type: 'dialog', dialog: 'help' }) },
  ].filter(Boolean);
}

function savedCommands({ route: { view, search } }, actions) {
  const command = (group) => ({ name, ...saved }) => ({ label: name, group, note: texts.PALETTE.savedSearch(visible(saved.q).slice(0, 60)),
    also: saved.q, run: () => go(tasksUrl(saved)) });
  const save = () => actions.dispatch({ type: 'ui', set: { saved: { ...OPENED, naming: true } } });
  return [
    ...savedSearches().map(command('own')), ...READY_MADE.map(command('ready')),
    ...(view === 'tasks' && (search.q || search.from || search.to) ? [{ label: texts.PALETTE.saveSearch, note: 'Tasks', run: save }] : []),
  ];
}

function queueCommands({ queue, paused, draining, queued }, state, actions) {
  const named = (verb) => texts.PALETTE.queueAction(verb, queue);
  const itsTasks = { label: texts.PALETTE.tasksOf(queue), note: 'Tasks', run: () => go(tasksUrl({ queue })) };
  if (!maySteer(state, queue)) return [itsTasks];
  return [
    itsTasks,
    paused || draining
      ? { label: named('Resume'), note: 'Queue', run: () => actions.resume(queue) }
      : { label: named('Pause'), note: texts.PALETTE.pauses, run: () => actions.askPause(queue) },
    !draining && { label: named('Drain'), note: texts.PALETTE.drains, run: () => actions.askDrain({ queue, paused }) },
    queued > 0 && { label: named('Purge'), note: texts.PALETTE.purges(queued), run: () => actions.askPurge({ queue, queued }) },
  ].filter(Boolean);
}

/** Of those that have been read: who has been on their page. */
function scheduleCommands({ name, paused }, state, actions) {
  const itsRuns = { label: texts.PALETTE.runsOf(name), note: 'Tasks', run: () => go(tasksUrl({ q: runsOf(name) })) };
  if (!may(state, 'operator')) return [itsRuns];
  return [
    { label: texts.PALETTE.scheduleAction('Edit', name), note: 'Schedule', run: () => go(pageUrl('schedules', { edit: name })) },
    { label: texts.PALETTE.runSchedule(name), note: 'Schedule', run: () => actions.runSchedule(name) },
    paused ? { label: texts.PALETTE.scheduleAction('Resume', name), note: 'Schedule', run: () => actions.resumeSchedule(name) }
      : { label: texts.PALETTE.scheduleAction('Pause', name), note: texts.PALETTE.pausesSchedule,
        run: () => actions.askPauseSchedule(name) },
    itsRuns,
  ];
}
