/* The schedules: a table of them, or the form that makes or changes one. Which, is in the address. */

import { hasKey } from '../api/session.js';
import { h } from '../lib/dom.js';
import { count } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { scheduleFilter } from '../state/page_filters.js';
import { go, pageUrl } from '../lib/router.js';
import { shown } from '../state/schedules.js';
import { asCurl } from '../tasks/snippets.js';
import { base } from '../lib/root.js';
import { segments } from '../components/choices.js';
import { factPage } from '../components/fact_page.js';
import { icon } from '../components/icons.js';
import { button, copyButton, emptyState, loadFailure } from '../components/parts.js';
import { newSchedule, scheduleForm } from './form.js';
import { scheduleRow } from './row.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/schedules.js';

/** More rows than these are drawn on demand: the page is drawn every second. */
const FEW = 100;
const EXAMPLE = {
  name: 'good-morning', task_type: 'send_email', cron: '0 8 * * 1-5', timezone: 'Europe/Berlin',
  payload: { to: 'user@example.com', subject: 'Good morning', body: 'Here is what is due today.' },
};

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function schedulesPage(state, actions) {
  const { edit, isNew } = scheduleFilter(state.route.params);
  if (isNew) return formPage(texts.NEW, texts.NEW_ABOUT, newSchedule(state, actions));
  if (edit) return editPage(edit, state, actions);
  return factPage(state, 'schedules', 'Schedules', texts.ABOUT,
    (schedules) => (schedules.length ? list(schedules, state, actions) : nothingYet(actions)),
    { aside: state.facts.schedules?.value?.length !== 0 && newLink() });
}

function newLink() {
  return h('a', { class: 'button primary', href: pageUrl('schedules', { new: 'yes' }),
    data: { testid: 'new-schedule', needs: 'operator' } }, icon('calendar'),
    h('span', null, texts.NEW));
}

function formPage(title, about, content) {
  return h('div', { class: 'page', key: title, data: { page: 'schedule-form' } },
    h('div', { class: 'page-head' }, h('h1', { class: 'page-title' }, title), h('p', { class: 'soft' }, about),
      h('div', { class: 'page-aside' }, h('a', { href: pageUrl('schedules') }, texts.ALL))),
    content);
}

function editPage(name, state, actions) {
  const { value, problem } = state.facts.schedules ?? {};
  const title = texts.editTitle(visible(name));
  if (!value) {
    return formPage(title, '', problem
      ? h('div', { key: 'broken' }, loadFailure(problem))
      : h('p', { class: 'booting', key: 'loading' }, common.LOADING));
  }
  const schedule = value.find((each) => each.name === name);
  return schedule
    ? formPage(title, texts.EDIT_ABOUT, scheduleForm(schedule, state, actions))
    : formPage(title, '',
      h('div', { key: 'none' },
      emptyState(texts.NOT_FOUND, texts.NOT_FOUND_WHY[0], h('a', { href: pageUrl('audit') }, 'Audit'), texts.NOT_FOUND_WHY[1])));
}

function list(schedules, state, actions) {
  const { order, find } = scheduleFilter(state.route.params);
  const found = shown(schedules, order, find);
  const rows = found.slice(0, state.ui.moreSchedules ? Infinity : FEW);
  const address = (params) => pageUrl('schedules', { sort: order === 'next' ? order : '', find, ...params });
  return [
    h('div', { class: 'schedule-bar', key: 'bar' },
      summary(schedules),
      h('div', { class: 'page-aside', key: 'choose' },
        (schedules.length > 5 || find) && h('input', {
          type: 'search', class: 'find-schedule', key: 'find', shows: find, 'aria-label': 'Find schedules', placeholder: texts.FIND_HINT,
          maxlength: 100,
          data: { testid: 'find-schedule' }, on: { input: (event) => go(address({ find: event.target.value }), true) },
        }),
        schedules.length > 1 && segments('Order', order, [['name', 'by name'], ['next', 'by next run']],
          (each) => address({ sort: each === 'next' ? each : '' })))),
    rows.length
      ? h('div', { class: 'card scroll', key: 'table' }, h('table', { class: 'plain stackable schedules' },
        h('thead', null, h('tr', null,
          texts.COLUMNS.map((name) => h('th', { scope: 'col' }, name || h('span', { class: 'off-screen' }, 'Actions'))))),
        rows.map((schedule) => scheduleRow(schedule, state, actions))))
      : h('div', { key: 'none' },
        emptyState(texts.NO_MATCHES, texts.noMatchesWhy(schedules.length, visible(find)),
        h('a', { href: address({ find: '' }) }, 'Show all'))),
    found.length > rows.length && h('p', { class: 'more', key: 'more' },
      button(common.showAll(found.length), () => actions.dispatch({ type: 'ui', set: { moreSchedules: true } }),
        { data: { testid: 'all-schedules' } })),
  ];
}

function summary(schedules) {
  const paused = schedules.filter((each) => each.paused).length;
  const bad = schedules.filter((each) => each.problem).length;
  return h('p', { class: 'strip', key: 'summary', data: { testid: 'schedules-summary' } },
    h('span', { key: 'all' }, h('b', null, count(schedules.length)), schedules.length === 1 ? ' schedule' : ' schedules'),
    paused > 0 && h('span', { key: 'paused' }, h('b', null, count(paused)), ' paused'),
    bad > 0 && h('span', { key: 'bad', class: 'bad-text' }, texts.cantRun(bad)));
}

function nothingYet(actions) {
  const command = asCurl(JSON.stringify(EXAMPLE), base(), hasKey(), '/api/schedules');
  return h('div', { class: 'first-schedule', key: 'none' },
    emptyState(texts.NONE, texts.NONE_WHAT, texts.NONE_HOW),
    h('div', { class: 'actions', key: 'do' }, newLink()),
    h('section', { class: 'block', key: 'example' },
      h('div', { class: 'block-head' }, h('h2', null, texts.FROM_PROGRAM), copyButton(actions, command, 'example')),
      h('pre', { tabindex: 0, 'aria-label': 'An example' }, command)));
}
