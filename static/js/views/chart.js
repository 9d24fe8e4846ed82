/* Two small charts over the same time: tasks finished per bucket (stacked bars) and tasks waiting (an
   area). The newest bucket is still filling, and is drawn so: hollow and dashed. */

import { h, s } from '../dom.js';
import { clock, count, plural } from '../format.js';
import { BUCKET_MS, BUCKETS } from '../history.js';

const W = 720;
const H = 96;
const FEWEST = 24;
const SERIES = [
  { name: 'success', label: 'Success' },
  { name: 'failed', label: 'Failed' },
  { name: 'other', label: 'Cancelled or expired' },
];

/**
 * @param {import('../history.js').Bucket[]} history
 * @param {number} now server time, milliseconds
 */
export function activityChart(history, now) {
  const end = Math.floor(now / BUCKET_MS) * BUCKET_MS;
  // The shown time grows with what has been seen, so that a page just opened is not an empty chart.
  const seen = history.length ? (end - history[0].start) / BUCKET_MS + 1 : 0;
  const shown = Math.min(BUCKETS, Math.max(FEWEST, seen));
  const step = W / shown;
  const first = end - (shown - 1) * BUCKET_MS;
  const buckets = history.filter((bucket) => bucket.start >= first);
  const placed = buckets.map((bucket) => ({ ...bucket, step, x: ((bucket.start - first) / BUCKET_MS) * step }));
  const done = (b) => b.success + b.failed + b.other;
  const topDone = niceTop(Math.max(4, ...buckets.map(done)));
  const topWaiting = niceTop(Math.max(4, ...buckets.map((b) => b.waiting)));
  const latest = buckets.at(-1);
  return h('div', { class: 'chart' },
    plot('Finished', `per ${BUCKET_MS / 1000} s`, topDone, bars(placed, topDone, end),
      `${plural(buckets.reduce((sum, b) => sum + done(b), 0), 'task')} finished in the time shown`),
    plot('Waiting', `now ${count(latest?.waiting ?? 0)}`, topWaiting, area(placed, topWaiting),
      `${plural(latest?.waiting ?? 0, 'task')} waiting now`),
    h('div', { class: 'chart-foot' },
      h('span', null, clock(first)),
      h('ul', { class: 'legend' },
        SERIES.map(({ name, label }) => h('li', { key: name }, h('i', { class: `swatch ${name}` }), label)),
        h('li', { key: 'partial' }, h('i', { class: 'swatch partial' }), 'still filling')),
      h('span', null, 'now')));
}

function plot(title, note, top, drawing, summary) {
  return h('figure', { class: 'plot', key: title },
    h('figcaption', null, h('b', null, title), ' ', h('span', { class: 'soft' }, note)),
    h('div', { class: 'plot-area' },
      h('span', { class: 'plot-top' }, count(top)),
      s('svg', { viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': summary },
        s('path', { class: 'grid', d: `M0 .5H${W}M0 ${H / 2}H${W}` }), ...drawing,
        s('path', { class: 'axis', d: `M0 ${H - 0.5}H${W}` }))));
}

function bars(buckets, top, end) {
  return buckets.flatMap((bucket) => {
    const partial = bucket.start >= end;
    let base = H;
    return SERIES.map(({ name }) => {
      const height = (bucket[name] / top) * (H - 2);
      base -= height;
      return height > 0 && s('rect', {
        class: `bar ${name}${partial ? ' partial' : ''}`, key: `${bucket.start}${name}`,
        x: bucket.x + bucket.step * 0.12, y: base, width: bucket.step * 0.76, height,
      }, s('title', null, describe(bucket, partial)));
    }).filter(Boolean);
  });
}

function describe(bucket, partial) {
  const parts = SERIES.filter(({ name }) => bucket[name]).map(({ name, label }) => `${bucket[name]} ${label.toLowerCase()}`);
  return `${clock(bucket.start)}${partial ? ' (still filling)' : ''}: ${parts.join(', ')}; ${bucket.waiting} waiting`;
}

function area(buckets, top) {
  if (!buckets.length) return [];
  const points = buckets.map((b) => `${b.x + b.step / 2} ${H - 1 - (b.waiting / top) * (H - 3)}`);
  const [x0, x1] = [buckets[0].x + buckets[0].step / 2, buckets.at(-1).x + buckets[0].step / 2];
  const last = points.at(-1).split(' ');
  return [
    s('path', { class: 'area', d: `M${x0} ${H}L${points.join('L')}L${x1} ${H}Z` }),
    s('path', { class: 'line', d: `M${points.join('L')}` }),
    s('path', { class: 'tip', d: `M${last[0]} ${last[1]}h.01` }),
  ];
}

/** The next of 4, 10, 20, 40, 100, … that is not below `value`. */
function niceTop(value) {
  for (let unit = 1; ; unit *= 10) for (const top of [4, 10, 20]) if (top * unit >= value) return top * unit;
}
