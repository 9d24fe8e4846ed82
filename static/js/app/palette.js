/* The command palette: one field that leads to every page, to what can be done with queues and
   schedules, to a search, and to a task by its id. */

import { h } from '../lib/dom.js';
import { visible } from '../lib/json_text.js';
import { QUEUES } from '../state/queue_names.js';
import { go, isTaskId, pageUrl, taskUrl, tasksUrl } from '../lib/router.js';
import { READY_MADE, savedSearches } from '../tasks/saved_searches.js';
import { runsOf } from '../state/schedules.js';
import { TASK_STATES } from '../state/task_state.js';
import { combobox } from '../components/combobox.js';
import { OPENED } from '../tasks/saved_searches_menu.js';

/**
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function palette(state, actions) {
  const close = () => actions.dispatch({ type: 'dialog', dialog: null, only: 'palette' });
  return h('dialog', {
    key: 'palette', class: 'palette', 'aria-label': 'Go to or do', data: { testid: 'palette' }, on: { close },
    wake: (dialog) => open(dialog, state, actions, close),
  });
}

function open(dialog, state, actions, close) {
  const input = /** @type {HTMLInputElement} */ (h('input', {
    type: 'text', 'aria-label': 'Go to or do', placeholder: 'A page, a queue, a search or a task id', maxlength: 1000,
    data: { testid: 'palette-input' },
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
  dialog.append(input, list, h('p', { class: 'palette-foot faint', 'aria-hidden': 'true' },
    h('kbd', null, '↑'), h('kbd', null, '↓'), ' choose ', h('kbd', null, 'Enter'), ' go ', h('kbd', null, 'Esc'), ' close'));
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
  refresh();
  dialog.showModal();
  input.focus();
}

function typedCommands(text) {
  if (!text) return [];
  if (isTaskId(text.toLowerCase())) return [{ label: `Open task ${text.toLowerCase()}`, note: 'Task',
    run: () => go(taskUrl(text.toLowerCase())) }];
  const id = /^[0-9a-f]{4,}[0-9a-f-]*$/.test(text)
    ? [{ label: `Find task ${text}…`, note: 'Search', run: () => go(tasksUrl({ q: `id:${text}` })) }] : [];
  return [...id, ...(/[:"]/.test(text) ? [searchFor(text)] : [])];
}

function searchFor(text) {
  return { label: `Search for ${text}`, note: 'Search', run: () => go(tasksUrl({ q: text })) };
}

function fitting(commands, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found = commands.filter(({ label, note, also = '' }) => words.every((word) => `${label} ${note} ${also}`.toLowerCase().includes(
    word)));
  return typed.trim() && !/[:"]/.test(typed) ? [...found, searchFor(typed.trim())] : found;
}

function commandsOf(state, actions) {
  return [
    ...actions.pages().map(([name, title]) => ({ label: title, note: 'Page', also: `go to ${name}`, run: () => go(pageUrl(name)) })),
    ...['STARTED', 'FAILURE', 'RETRY', 'PENDING'].map((status) => ({
      label: `${TASK_STATES[status].label} tasks`, note: 'Tasks', also: status, run: () => go(tasksUrl({ state: status })),
    })),
    ...savedCommands(state, actions),
    ...(state.stats?.queues ?? QUEUES.map((queue) => ({ queue }))).flatMap((queue) => queueCommands(queue, actions)),
    { label: 'New schedule', note: 'Schedule', also: 'create cron', run: () => go(pageUrl('schedules', { new: 'yes' })) },
    ...(state.facts.schedules?.value ?? []).flatMap((schedule) => scheduleCommands(schedule, actions)),
    { label: 'Change the theme', note: 'Page', also: 'dark light', run: actions.cycleTheme },
    { label: 'Keyboard shortcuts', note: 'Page', also: 'help ?', run: () => actions.dispatch({ type: 'dialog', dialog: 'help' }) },
  ];
}

function savedCommands({ route: { view, search } }, actions) {
  const command = (group) => ({ name, ...saved }) => ({ label: name, group, note: `Saved search: ${visible(saved.q).slice(0, 60)}`,
    also: saved.q, run: () => go(tasksUrl(saved)) });
  const save = () => actions.dispatch({ type: 'ui', set: { saved: { ...OPENED, naming: true } } });
  return [
    ...savedSearches().map(command('own')), ...READY_MADE.map(command('ready')),
    ...(view === 'tasks' && (search.q || search.from || search.to) ? [{ label: 'Save this search', note: 'Tasks', run: save }] : []),
  ];
}

function queueCommands({ queue, paused, draining, queued }, actions) {
  const named = (verb) => `${verb} the ${queue} queue`;
  return [
    { label: `Tasks of the ${queue} queue`, note: 'Tasks', run: () => go(tasksUrl({ queue })) },
    paused || draining
      ? { label: named('Resume'), note: 'Queue', run: () => actions.resume(queue) }
      : { label: named('Pause'), note: 'Queue: it gives out no tasks', run: () => actions.askPause(queue) },
    !draining && { label: named('Drain'), note: 'Queue: it takes no new tasks', run: () => actions.askDrain(queue) },
    queued > 0 && { label: named('Purge'), note: `Queue: ${queued} waiting tasks are cancelled`,
      run: () => actions.askPurge({ queue, queued }) },
  ].filter(Boolean);
}

/** Of those that have been read: who has been on their page. */
function scheduleCommands({ name, paused }, actions) {
  return [
    { label: `Edit schedule ${name}`, note: 'Schedule', run: () => go(pageUrl('schedules', { edit: name })) },
    { label: `Run schedule ${name} now`, note: 'Schedule', run: () => actions.runSchedule(name) },
    paused ? { label: `Resume schedule ${name}`, note: 'Schedule', run: () => actions.resumeSchedule(name) }
      : { label: `Pause schedule ${name}`, note: 'Schedule: it makes no tasks', run: () => actions.askPauseSchedule(name) },
    { label: `Runs of schedule ${name}`, note: 'Tasks', run: () => go(tasksUrl({ q: runsOf(name) })) },
  ];
}
