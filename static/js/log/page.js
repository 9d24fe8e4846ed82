/* The last lines that tasks logged, the newest at the bottom. It follows, and pauses while one
   reads: as soon as the reader scrolls up, or presses the button. */

import { h } from '../lib/dom.js';
import { clock } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { LEVELS, logFilter } from '../state/page_filters.js';
import { queueNames } from '../state/queue_names.js';
import { pageUrl, taskUrl } from '../lib/router.js';
import { chooser } from '../components/choices.js';
import { factPage } from '../components/fact_page.js';
import { button, emptyState } from '../components/parts.js';
import * as texts from '../texts/workers.js';

const NEAR_PX = 24;
/** Where the list was last seen, px. The page itself only ever moves it to its end. */
let seenPx = 0;

/** @param {import('../state/store.js').State} state @param {import('../state/actions.js').Actions} actions */
export function logPage(state, actions) {
  const filter = logFilter(state.route.params);
  const key = JSON.stringify(filter);
  const aside = choosers(filter, state.taskTypes ?? []);
  return factPage(state, 'log', 'Live log', texts.LOG_ABOUT, (lines, isOld) => {
    if (!lines.length) return h('div', { key: 'none' }, nothing(filter));
    const held = state.ui.heldLog?.key === key ? state.ui.heldLog.lines : null;
    const fresh = held ? unseen(lines, held) : 0;
    const hold = (on) => actions.dispatch({ type: 'ui', set: { heldLog: on ? { key, lines: held ?? lines } : null } });
    return h('section', { class: 'card live-log', key: `lines ${key}` },
      h('div', { class: 'log-bar' },
        h('span', { class: held || isOld ? 'chip warn' : 'chip good', data: { testid: 'log-mode' }, role: 'status' },
          held ? texts.logPaused(fresh) : isOld ? texts.LOG_NOT_LIVE : texts.LOG_LIVE),
        button(held ? texts.LOG_RESUME : texts.LOG_PAUSE, () => hold(!held), { class: held ? 'primary' : '', data: { testid: 'log-hold' } },
          held ? 'play' : 'pause')),
      scroller([...(held ?? lines)].reverse(), Boolean(held), hold));
  }, { key, aside });
}

function choosers(filter, types) {
  const url = (change) => pageUrl('log', { ...filter, ...change });
  const names = types.map(({ task_type: type }) => type);
  // A type of the address that is not known here stays choosable: its lines may still be there.
  if (filter.type && !names.includes(filter.type)) names.push(filter.type);
  const options = (words, values) => /** @type {[string, string][]} */ ([['', words], ...values.map((value) => [value, visible(value)])]);
  return [
    chooser('log-queue', 'Queue', filter.queue, options('all', queueNames()), (queue) => url({ queue })),
    chooser('log-level', texts.MINIMUM_LEVEL, filter.level, options(texts.ANY_LEVEL, LEVELS), (level) => url({ level })),
    chooser('log-type', 'Type', filter.type, options('all', names), (type) => url({ type })),
  ];
}

function nothing(filter) {
  return Object.values(filter).some(Boolean)
    ? emptyState(texts.NO_MATCHES, texts.NO_MATCHES_WHY, h('a', { href: pageUrl('log') }, texts.SHOW_ALL))
    : emptyState(texts.NO_LINES, texts.NO_LINES_WHY);
}

function scroller(lines, held, hold) {
  return h('div', {
    class: 'log', tabindex: 0, 'aria-label': texts.LOG_LABEL, role: 'log', 'aria-live': 'off',
    data: { testid: 'log-lines', held: String(held) },
    on: { scroll: ({ currentTarget: list }) => {
      const belowPx = list.scrollHeight - list.scrollTop - list.clientHeight;
      const up = list.scrollTop < seenPx;
      seenPx = list.scrollTop;
      // A drawing amid a smooth scroll would take it back: the first step up has to hold the list.
      if (up ? !held && belowPx > 1 : held && belowPx < NEAR_PX) hold(up);
    } },
  }, h('ol', null, lines.map(({ at, level, text, task_id: id, task_type: type, queue }, i) => h('li',
    { key: `${at} ${id} ${text} ${same(lines, i)}`, data: { level } },
    h('time', { datetime: at }, clock(at)), h('b', null, level.toLowerCase()),
    h('a', { href: taskUrl(id), title: `${queue} queue, task ${id}` }, visible(type)), h('span', { dir: 'auto' }, visible(text))))));
}

/** Tells lines apart that are alike: how many such lines stand just above. */
function same(lines, i) {
  let n = 0;
  const alike = (a, b) => a && a.at === b.at && a.task_id === b.task_id && a.text === b.text;
  while (alike(lines[i - n - 1], lines[i])) n += 1;
  return n;
}

/** How many of the lines have come since. Both are newest first. */
function unseen(lines, held) {
  const newest = held[0];
  const at = lines.findIndex((line) => line.at === newest.at && line.task_id === newest.task_id && line.text === newest.text);
  return at < 0 ? lines.length : at;
}

/** Keep the end in sight after a redraw, unless the reader holds it. */
export function followLog() {
  const list = /** @type {HTMLElement|null} */ (document.querySelector('[data-testid="log-lines"][data-held="false"]'));
  if (!list) return;
  list.scrollTop = list.scrollHeight;
  seenPx = list.scrollTop;
}
