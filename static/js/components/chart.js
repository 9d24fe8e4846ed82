/* A plot over time, in SVG: stacked bars or lines, with one cursor that the pointer and the arrow
   keys move. The newest point is still filling, and is drawn so: hollow and dashed. A gap in the
   data is a gap in the line. */

import { h, s } from '../lib/dom.js';

export const W = 720;
const H = 120;

/**
 * @typedef {{name: string, label: string, value: (point: any) => number|null,
 *   say: (value: number|null) => string}} Series `name` is its class
 * @typedef {{top: number, bottom: number, lines: [number, string][], y: (value: number) => number}} Scale
 *   `lines`: values with their words, `y`: 0 at the bottom to 1 at the top
 */

/**
 * @param {{title: string, note: string, kind: 'bars'|'lines', series: Series[], points: any[],
 *   scale: Scale, cursor: number|null, summary: string}} plot
 * @param {import('../lib/dom.js').Child} control a slider that is laid over the drawing
 */
export function plot({ title, note, kind, series, points, scale, cursor, summary }, control) {
  const step = W / points.length;
  const drawing = kind === 'bars' ? bars(points, series, scale, step) : lines(points, series, scale, step);
  return h('figure', { class: 'plot', key: title, data: { testid: `plot-${title.toLowerCase().replace(/ /g, '-')}` } },
    h('figcaption', null, h('b', null, title), ' ', h('span', { class: 'soft' }, note)),
    h('div', { class: 'plot-area' },
      s('svg', { viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': summary },
        s('path', { class: 'grid', d: scale.lines.map(([value]) => `M0 ${place(scale, value)}H${W}`).join('') }),
        cursor !== null && s('rect', { class: 'cursor', key: 'cursor', x: cursor * step, y: 0, width: step, height: H }),
        ...drawing,
        s('path', { class: 'axis', key: 'axis', d: `M0 ${H - 0.5}H${W}` })),
      h('div', { class: 'plot-scale', 'aria-hidden': 'true' }, scale.lines.map(([value, words]) =>
        h('span', { key: words, style: { top: `${(place(scale, value) / H) * 100}%` } }, words))),
      control));
}

function place(scale, value) {
  return Math.round((H - 1 - scale.y(value) * (H - 8)) * 10) / 10;
}

function bars(points, series, scale, step) {
  const gap = Math.min(step * 0.12, 3);
  return points.flatMap((point, i) => {
    let below = 0;
    return series.map(({ name, value }) => {
      const amount = value(point) ?? 0;
      const [y, base] = [place(scale, below + amount), place(scale, below)];
      below += amount;
      return amount > 0 && s('rect', {
        class: `bar ${name}${point.partial ? ' partial' : ''}`, key: `${point.at}${name}`,
        x: i * step + gap, y, width: step - 2 * gap, height: Math.max(1, base - y),
      });
    }).filter(Boolean);
  });
}

function lines(points, series, scale, step) {
  return series.flatMap(({ name, value }) => {
    const whole = { d: '', open: false };
    let tail = '';
    points.forEach((point, i) => {
      const amount = value(point);
      if (amount === null || amount === undefined) {
        whole.open = false;
        return;
      }
      const here = `${Math.round((i + 0.5) * step * 10) / 10} ${place(scale, amount)}`;
      const before = value(points[i - 1] ?? {});
      const alone = (before ?? null) === null;
      if (point.partial) tail = alone ? `M${here}h.01` : `M${(i - 0.5) * step} ${place(scale, before)}L${here}`;
      else if (whole.open) whole.d += `L${here}`;
      else whole.d += `M${here}h.01`;
      whole.open = true;
    });
    return [
      whole.d && s('path', { class: `line ${name}`, key: name, d: whole.d }),
      tail && s('path', { class: `line partial ${name}`, key: `${name}-tail`, d: tail }),
    ].filter(Boolean);
  });
}

/** Counts: from 0 to a round number. @param {number} most @returns {Scale} */
export function countScale(most) {
  const top = niceTop(Math.max(4, most));
  const words = (value) => (value >= 10_000 ? `${value / 1000}k` : String(value));
  return { top, bottom: 0, lines: [[top, words(top)], [top / 2, words(top / 2)]], y: (value) => value / top };
}

/**
 * Durations: a line for each power of ten, because a p99 can be a thousand times a p50.
 * @param {number[]} values seconds
 * @returns {Scale}
 */
export function timeScale(values) {
  const seen = values.filter((value) => value > 0);
  const low = Math.floor(Math.log10(Math.max(1e-3, Math.min(0.01, ...seen))));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(0.1, ...seen)) - 1e-9));
  const steps = Array.from({ length: high - low }, (_, i) => low + 1 + i);
  const shown = steps.length > 4 ? steps.filter((power) => (high - power) % 2 === 0) : steps;
  return {
    top: 10 ** high, bottom: 10 ** low,
    lines: shown.map((power) => [10 ** power, power < 0 ? `${10 ** (power + 3)} ms` : `${10 ** power} s`]),
    y: (value) => Math.min(1, Math.max(0, (Math.log10(Math.max(value, 1e-9)) - low) / (high - low))),
  };
}

/** The next of 4, 10, 20, 40, 100, … that is not below `value`. */
function niceTop(value) {
  for (let unit = 1; ; unit *= 10) for (const top of [4, 10, 20]) if (top * unit >= value) return top * unit;
}

/**
 * A trend in a few pixels.
 * @param {number[]} counts oldest first
 * @param {string} summary
 */
export function sparkline(counts, summary) {
  const top = Math.max(1, ...counts);
  const step = 96 / counts.length;
  return s('svg', { class: 'sparkline', viewBox: '0 0 96 24', preserveAspectRatio: 'none', role: 'img', 'aria-label': summary },
    s('path', { class: 'axis', d: 'M0 23.5H96' }),
    ...counts.map((n, i) => n > 0 && s('rect', {
      key: i, x: i * step + 0.5, width: step - 1, y: 23 - Math.max(2, (n / top) * 22), height: Math.max(2, (n / top) * 22),
    })).filter(Boolean));
}
