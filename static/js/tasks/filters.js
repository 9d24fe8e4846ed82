/* What narrows the list of tasks: the search box, and chips and a time range that edit the same
   search. Each chip is a link, so that it can be opened in another tab. */

import { h } from '../lib/dom.js';
import { count as written, zoneAt } from '../lib/format.js';
import { queueNames } from '../state/queue_names.js';
import { go, tasksUrl } from '../lib/router.js';
import { fromWall, wallTime } from '../lib/wall_time.js';
import { isUtc } from '../lib/zone.js';
import { hasNoDeliveries, toggled, valuesOf, withoutDeliveries, withValues } from '../state/search_text.js';
import { everEnded, listed, TASK_STATES, wordsOf } from '../state/task_state.js';
import { icon } from '../components/icons.js';
import { savedMenu } from './saved_searches_menu.js';
import { searchBox } from './search_box.js';
import * as texts from '../texts/tasks.js';

const RANGES = [['', 'Any time'], ['<15m', 'Last 15 minutes'], ['<1h', 'Last hour'], ['<24h', 'Last 24 hours'], ['<7d', 'Last 7 days']];
const CHOSEN = 'chosen';

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function filters(state, actions) {
  const { search } = state.route;
  return h('div', { class: 'filters', role: 'search', 'aria-label': 'Search tasks', key: 'filters' },
    h('h1', { class: 'page-title' }, 'Tasks'),
    searchBox(state),
    timeRange(search, state.now),
    savedMenu(state, actions),
    h('div', { class: 'chips', key: 'chips' },
      h('span', { class: 'chip-group', role: 'group', 'aria-label': 'State' },
        chip(search, 'state', '', 'Any state'),
        Object.entries(TASK_STATES).map(([name, look]) => chip(search, 'state', wordsOf(name)[0], look.label, {
          mark: look.icon, state: name, ...counted(state.stats, search, name),
        }))),
      h('span', { class: 'chip-group', role: 'group', 'aria-label': 'Queue' },
        h('span', { class: 'faint chip-word', 'aria-hidden': 'true' }, 'Queue'),
        queueNames().map((queue) => chip(search, 'queue', queue, queue))),
      deliveriesChip(search)));
}

/** Deliveries of webhooks are tasks of our own: who looks for those of callers leaves them out. */
function deliveriesChip(search) {
  const out = hasNoDeliveries(search.q);
  return h('a', {
    class: 'filter-chip', key: 'deliveries', href: tasksUrl({ ...search, q: withoutDeliveries(search.q, !out) }),
    data: { testid: 'chip-no-deliveries' }, 'aria-current': out ? 'true' : null, title: texts.DELIVERIES_ARE_TASKS,
  }, texts.NO_DELIVERIES);
}

/**
 * @param {import('../lib/router.js').Search} search @param {string} word @param {string} value @param {string} label
 * @param {{mark?: string, state?: string, number?: number|null, title?: string|null}} [look]
 */
function chip(search, word, value, label, { mark = '', state = '', number = null, title = null } = {}) {
  const values = valuesOf(search.q, word);
  const on = value ? values.includes(value) : !values.length;
  const q = value ? toggled(search.q, word, value) : withValues(search.q, word, []);
  return h('a', {
    class: 'filter-chip', key: `${word}:${value}`, href: tasksUrl({ ...search, q }),
    data: { testid: `chip-${word}-${state.toLowerCase() || value || 'any'}`, state },
    'aria-current': on ? 'true' : null, title,
  }, mark && icon(mark), label, number !== null && h('b', null, written(number)));
}

/** How many tasks of the chosen queues the list can show in a state, and what the state means. */
function counted(stats, { q }, state) {
  const { means, terminal } = TASK_STATES[state];
  if (!stats) return { number: null, title: means };
  const chosen = valuesOf(q, 'queue');
  const queues = stats.queues.filter(({ queue }) => !chosen.length || chosen.includes(queue));
  const number = sum(queues, (queue) => listed(queue, state));
  return { number, title: terminal ? texts.keptOf(means, number, sum(queues, (queue) => everEnded(queue, state))) : means };
}

const sum = (queues, numberOf) => queues.reduce((total, queue) => total + numberOf(queue), 0);

function timeRange(search, now) {
  const age = valuesOf(search.q, 'age').join(' ');
  const fixed = Boolean(search.from || search.to);
  const known = RANGES.some(([value]) => value === age);
  const chosen = fixed ? CHOSEN : age;
  return h('div', { class: 'range', key: 'range' },
    h('label', { class: 'off-screen', for: 'time-range' }, 'Submitted'),
    h('select', { id: 'time-range', shows: chosen, data: { testid: 'time-range' },
      on: { change: ({ target }) => choose(search, target.value) } },
      RANGES.map(([value, label]) => h('option', { value, key: value }, label)),
      !known && h('option', { value: age, key: age }, `age:${age}`),
      h('option', { value: CHOSEN, key: CHOSEN }, 'From … to …')),
    fixed && h('span', { class: 'range-ends', key: 'ends' }, end(search, 'from', 'From', now), end(search, 'to', 'To', now)));
}

function choose(search, value) {
  const q = withValues(search.q, 'age', value && value !== CHOSEN ? [value] : []);
  const hour = new Date(Date.now() - 3_600_000).toISOString();
  go(tasksUrl(value === CHOSEN ? { q, from: hour, to: '' } : { q }));
}

/** Applied when the reader is done with it: on the way there each digit makes another time. */
function end(search, name, label, now) {
  const [at, utc] = [search[name], isUtc()];
  const shown = at && wallTime(Date.parse(at), utc);
  const instantOf = (text) => fromWall(text, utc) ?? '';
  const apply = ({ target }) => {
    const typed = instantOf(target.value);
    if (typed !== instantOf(shown)) go(tasksUrl({ ...search, [name]: typed }), true);
  };
  return h('label', null, h('span', null, label), h('input', {
    type: 'datetime-local', step: 1, shows: shown, data: { testid: `range-${name}` },
    on: { blur: apply, keydown: (event) => event.key === 'Enter' && apply(event) },
  }), h('span', { class: 'faint', data: { testid: `range-${name}-zone` } }, zoneAt(at || now)));
}
