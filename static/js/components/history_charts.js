/* The history of the service as three plots over the same time, with one cursor, and the same values
   as a table. What is drawn is /api/history's; where the cursor stands is the page's. */

import { h } from '../lib/dom.js';
import { clock, count, duration, moment } from '../lib/format.js';
import { countScale, plot, timeScale } from './chart.js';
import * as texts from '../texts/overview.js';

const ENDS = [
  { name: 'success', label: 'Succeeded', value: (p) => p.succeeded, say: count },
  { name: 'failed', label: 'Failed', value: (p) => p.failed, say: count },
  { name: 'other', label: 'Cancelled or expired', value: (p) => p.revoked + p.expired, say: count },
];
const RETRIES = [{ name: 'retried', label: 'Retried', value: (p) => p.retried, say: count }];
const times = (kind) => ['p50', 'p95', 'p99'].map((name) => ({
  name, label: name, value: (p) => p[`${kind}_${name}_s`] ?? null, say: duration,
}));
const OLDEST = { name: 'oldest', label: 'oldest waiting', value: (p) => p.oldest_waiting_s ?? null, say: duration };
/** @returns {[string, (point: any) => string][]} */
function timesOf(kind) {
  return times(kind).map(({ label, value }) => [`${kind} ${label}`, (p) => duration(value(p))]);
}
/** @type {[string, (point: any) => string][]} */
const TABLE = [
  ['Submitted', (p) => count(p.submitted)], ['Succeeded', (p) => count(p.succeeded)], ['Failed', (p) => count(p.failed)],
  ['Retried', (p) => count(p.retried)], ['Cancelled', (p) => count(p.revoked)], ['Expired', (p) => count(p.expired)],
  ...timesOf('wait'), ...timesOf('run'),
  ['Oldest waiting', (p) => duration(p.oldest_waiting_s)],
];

/**
 * @param {any} series of /api/history
 * @param {{step_s: number, now: string}} history
 * @param {Record<string, any>} ui
 * @param {import('../state/actions.js').Actions} actions
 */
export function historyCharts({ points, totals }, { step_s: step, now }, ui, actions) {
  const at = typeof ui.chartAt === 'number' && ui.chartAt < points.length ? ui.chartAt : null;
  const point = at === null ? null : points[at];
  const shared = { points, cursor: at };
  const control = (what, series) => slider(points, step, now, at, actions, what, series);
  const wait = [...times('wait'), OLDEST];
  const ended = totals.succeeded + totals.failed + totals.revoked + totals.expired;
  return h('div', { class: 'chart', data: { testid: 'history' } },
    h('p', { class: 'chart-time', key: 'time' }, point
      ? [h('b', null, stretch(point, step, now)), point.partial && ` (${texts.IN_PROGRESS})`]
      : h('span', { class: 'soft' }, texts.READ_CHARTS)),
    plot({
      ...shared, kind: 'bars', title: 'Finished', note: `per ${per(step)}`, series: ENDS,
      scale: countScale(Math.max(...points.map((p) => p.succeeded + p.failed + p.revoked + p.expired))),
      summary: texts.finishedSummary(ended, totals.failed),
    }, control('finished tasks', ENDS)),
    legend('ends', ENDS, point ?? totals, true),
    plot({
      ...shared, kind: 'bars', title: 'Retries', note: texts.retriesPer(per(step)), series: RETRIES,
      scale: countScale(Math.max(...points.map((p) => p.retried))),
      summary: texts.retriesSummary(totals.retried),
    }, control('retries', RETRIES)),
    legend('retries', RETRIES, point ?? totals, true, hourly(totals, points, step, now)),
    ...[
      { title: 'Wait time', note: texts.WAIT_MEANS, series: wait, kind: 'wait' },
      { title: 'Run time', note: texts.RUN_MEANS, series: times('run'), kind: 'run' },
    ].map(({ title, note, series, kind }) => [
      plot({
        ...shared, kind: 'lines', title, note: texts.logScale(String(note)), series,
        scale: timeScale(points.flatMap((p) => series.map(({ value }) => value(p) ?? 0))),
        summary: texts.timesSummary(title, totals[`${kind}_p50_s`], totals[`${kind}_p99_s`]),
      }, control(title.toLowerCase(), series)),
      legend(kind, series, point ?? totals, false),
    ]),
    h('div', { class: 'chart-foot', key: 'foot' }, ticks(points, now)),
    valueTable(points, step, now, ui, actions));
}

/** The cursor for the keyboard, laid over the plot for the pointer. */
function slider(points, step, now, at, actions, what, series) {
  const last = points.length - 1;
  const set = (chartAt) => actions.dispatch({ type: 'ui', set: { chartAt } });
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };
  const shown = at ?? last;
  return h('div', {
    class: 'plot-control', role: 'slider', tabindex: 0, 'aria-label': `Time, ${what}`,
    'aria-valuemin': 0, 'aria-valuemax': last, 'aria-valuenow': shown,
    'aria-valuetext': spoken(points[shown], step, now, series),
    on: {
      pointermove: ({ currentTarget, clientX }) => {
        const { left, width } = currentTarget.getBoundingClientRect();
        set(Math.min(last, Math.max(0, Math.floor(((clientX - left) / width) * points.length))));
      },
      pointerleave: () => set(null),
      focus: () => at === null && set(last),
      blur: () => set(null),
      keydown: (event) => {
        const by = steps[event.key];
        if (!by) return;
        event.preventDefault();
        set(Math.min(last, Math.max(0, shown + by)));
      },
    },
  });
}

/** A point of a plot, for who hears it. */
function spoken(point, step, now, series) {
  const values = series.map(({ label, value, say }) => `${label} ${say(value(point))}`);
  return `${stretch(point, step, now)}${point.partial ? `, ${texts.IN_PROGRESS}` : ''}: ${values.join(', ')}`;
}

/** Retries are counted by the hour: those of one minute are too few to judge. */
function hourly({ retried }, points, step, now) {
  const hours = Math.max(1, (Date.parse(now) - Date.parse(points[0].at)) / 3_600_000);
  return step * points.length > 3_600
    ? texts.perHour(retried / hours < 10 ? String(Number((retried / hours).toFixed(1))) : count(Math.round(retried / hours))) : '';
}

function legend(name, series, from, always, note = '') {
  return h('ul', { class: 'legend', key: `legend-${name}` },
    series.map(({ name: mark, label, value, say }) => {
      const known = value(from);
      return h('li', { key: mark }, h('i', { class: `swatch ${mark}` }), `${label} `,
        (always || known !== null) && h('b', null, say(known)));
    }),
    note && h('li', { key: 'note', class: 'soft' }, note),
    name === 'ends' && h('li', { key: 'partial' }, h('i', { class: 'swatch partial' }), texts.IN_PROGRESS));
}

function ticks(points, now) {
  return [0, 0.25, 0.5, 0.75].map((share) => {
    const { at } = points[Math.floor(share * points.length)];
    return h('span', { key: share }, moment(at, Date.parse(now)));
  }).concat(h('span', { key: 'now' }, 'now'));
}

function valueTable(points, step, now, ui, actions) {
  const open = Boolean(ui.chartTable);
  return h('details', { class: 'values', key: 'values', open,
    on: { toggle: (event) => actions.dispatch({ type: 'ui', set: { chartTable: event.target.open } }) } },
    h('summary', null, texts.AS_TABLE),
    open && h('div', { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': 'Values' },
      h('table', { class: 'plain values-table' },
      h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'From'),
        TABLE.map(([name]) => h('th', { scope: 'col', class: 'num', key: name }, name)))),
      h('tbody', null, [...points].reverse().map((point) => h('tr', { key: point.at },
        h('th', { scope: 'row' }, stretch(point, step, now), point.partial && h('span', { class: 'faint' }, ' so far')),
        TABLE.map(([name, say]) => h('td', { class: 'num', key: name }, say(point)))))))));
}

function stretch({ at }, step, now) {
  return step < 60 ? clock(at) : moment(at, Date.parse(now));
}

/** @param {number} step seconds */
function per(step) {
  if (step % 86400 === 0) return step === 86400 ? 'day' : `${step / 86400} days`;
  if (step % 3600 === 0) return step === 3600 ? 'hour' : `${step / 3600} h`;
  if (step % 60 === 0) return step === 60 ? 'minute' : `${step / 60} min`;
  return `${step} s`;
}
