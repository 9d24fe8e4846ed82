/* One schedule in the table: what it runs and when, how it went, what is wrong, what can be done. */

import { h } from '../lib/dom.js';
import { ago, moment, until } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { pageUrl, tasksUrl, taskUrl } from '../lib/router.js';
import { runsOf } from '../state/schedules.js';
import { serverNow } from '../state/page_state.js';
import { look } from '../state/task_state.js';
import { icon } from '../components/icons.js';
import { button, stateBadge, time } from '../components/parts.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/schedules.js';

/**
 * @param {import('../state/schedules.js').Schedule} schedule
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function scheduleRow(schedule, state, actions) {
  const { name, paused, problem } = schedule;
  const now = serverNow(state);
  const alarms = alarmsOf(schedule, state);
  return h('tbody', { key: name, data: { testid: `schedule-${name}`, paused: String(paused), problem: String(Boolean(problem)) } },
    h('tr', { key: 'row' },
      h('th', { scope: 'row', class: 'c-name' }, nameLink(name, state, actions),
        h('span', { class: 'marks-left' },
          h('span', { class: 'soft' }, visible(schedule.task_type)), h('span', { class: 'tag' }, `${schedule.queue} queue`),
          schedule.declared && h('span', { class: 'tag', key: 'declared', title: texts.DECLARED_MEANS }, texts.DECLARED),
          queueMark(schedule, state),
          schedule.tags.map((tag) => h('span', { class: 'tag', key: `tag ${tag}` }, visible(tag))))),
      h('td', { data: { label: 'Trigger' } }, rule(schedule)),
      h('td', { data: { label: 'Next run' } }, paused
        ? h('span', { class: 'chip warn', key: 'paused', data: { testid: 'paused' } }, icon('pause'), 'paused')
        : next(schedule, state, now)),
      h('td', { data: { label: 'Last run' } }, last(schedule, now)),
      h('td', { data: { label: 'Runs' } }, counts(schedule)),
      h('td', { class: 'c-do' }, h('div', { class: 'actions' }, controls(schedule, actions)))),
    alarms.length > 0 && h('tr', { key: 'alarms', class: 'alarms' }, h('td', { colspan: texts.COLUMNS.length }, alarms)));
}

/** What was just made gets the focus, so that the keyboard goes on from there. */
function nameLink(name, { ui }, actions) {
  const wake = (link) => {
    if (ui.schedule !== name) return;
    actions.dispatch({ type: 'ui', set: { schedule: null } });
    link.focus();
    link.scrollIntoView({ block: 'nearest' });
  };
  return h('a', { class: 'schedule-name', key: 'name', href: pageUrl('schedules', { edit: name }), title: texts.editTitle(name), wake },
    visible(name));
}

function queueMark({ queue }, { stats }) {
  const known = stats?.queues.find((each) => each.queue === queue);
  if (!known) return null;
  if (known.consumers === 0) return h('span', { class: 'chip bad', key: 'none' }, icon('warning'), 'no consumer');
  const mode = known.paused ? 'paused' : known.draining ? 'draining' : '';
  return mode && h('a', { class: 'chip warn', key: 'mode', href: pageUrl('queues') }, `queue ${mode}`);
}

function rule({ words, cron, timezone, overlap }) {
  return [
    h('span', { class: 'rule-words', key: 'words' }, words),
    h('span', { class: 'rule-more', key: 'more' },
      cron !== null && [h('code', { key: 'cron' }, visible(cron)), h('span', { key: 'zone' }, visible(timezone))],
      !overlap && h('span', { key: 'alone', title: texts.NO_OVERLAP_MEANS }, texts.NO_OVERLAP)),
  ];
}

function next({ next_run_at: at }, { problem, facts }, now) {
  if (!at) return h('span', { class: 'faint' }, '–');
  const words = until(at, now);
  const isLate = words.endsWith('late');
  // While the service does not answer nobody knows whether it has run.
  if (isLate && (problem ?? facts.schedules?.problem)) {
    return h('span', { class: 'faint', key: 'was', data: { testid: 'next-run' } }, time(at, moment(at, now)));
  }
  return [
    h('span', { class: isLate ? 'bad-text' : 'next-in', key: 'in', data: { testid: 'next-run' } }, time(at, words)),
    Date.parse(at) - now >= 3_600_000 && h('span', { class: 'under', key: 'at' }, moment(at, now)),
  ];
}

function last({ name, last_run_at: at, last_task_id: id, last_status: status }, now) {
  if (!at || !id) return h('span', { class: 'faint' }, texts.NO_RUNS);
  const words = status ? look(status).label : texts.NOT_KEPT;
  return [
    status
      ? h('a', { key: 'task', href: taskUrl(id), 'aria-label': texts.lastRun(words, name), data: { testid: 'last-run' } },
        stateBadge(status))
      : h('span', { class: 'faint', key: 'gone', title: texts.NOT_KEPT_MEANS }, words),
    h('span', { class: 'under', key: 'at' }, time(at, ago(at, now))),
  ];
}

function counts({ name, runs, skipped, missed }) {
  const noted = [
    skipped && [texts.skipped(skipped), texts.SKIPPED_MEANS],
    missed && [texts.missed(missed), texts.MISSED_MEANS],
  ].filter(Boolean);
  return [
    runs ? h('a', { key: 'runs', href: tasksUrl({ q: runsOf(name) }), title: 'Its tasks', data: { testid: 'runs' } }, texts.runs(runs))
      : h('span', { class: 'faint', key: 'runs', data: { testid: 'runs' } }, '0 runs'),
    noted.length > 0 && h('span', { class: 'under', key: 'noted' },
      noted.map(([words, means]) => h('span', { key: words, title: means }, words))),
  ];
}

function alarmsOf({ name, queue, problem }, { stats }) {
  const serving = stats?.queues.find((each) => each.queue === queue);
  const cure = serving?.draining
    ? h('a', { href: pageUrl('queues') }, texts.OPEN_QUEUES) : h('a', { href: pageUrl('schedules', { edit: name }) }, texts.EDIT_IT);
  return [
    problem && h('p', { class: 'alarm', key: 'problem', data: { testid: 'problem' } }, icon('warning'),
      h('span', null, h('b', null, texts.DID_NOT_RUN), visible(problem), ' ', cure)),
    serving?.consumers === 0 && h('p', { class: 'alarm', key: 'orphan', data: { testid: 'no-consumer' } }, icon('warning'),
      h('span', null, h('b', null, texts.noConsumer(queue)), texts.NOTHING_UNTIL, h('code', null, common.startConsumer(queue)))),
  ].filter(Boolean);
}

function controls(schedule, actions) {
  const { name, paused } = schedule;
  const act = (label, run, mark, extra = '') => button(label, run, {
    class: extra, key: label,
      data: { testid: label.toLowerCase().replace(' ', '-'), needs: 'operator' }, 'aria-label': `${label}: ${name}`, title: label,
  }, mark);
  return [
    act('Run now', () => actions.runSchedule(name), 'send'),
    paused ? act('Resume', () => actions.resumeSchedule(name), 'play', 'primary')
      : act('Pause', () => actions.askPauseSchedule(name), 'pause', 'less'),
    h('a', { class: 'button less', key: 'edit', href: pageUrl('schedules', { edit: name }), 'aria-label': `Edit: ${name}`, title: 'Edit',
      data: { testid: 'edit', needs: 'operator' } }, icon('edit'), h('span', null, 'Edit')),
    act('Delete', () => actions.askDeleteSchedule(schedule), 'trash', 'less'),
  ];
}
