/* What a form says of its last submit or check, until something in it is changed. */

import { h, mount } from '../lib/dom.js';
import { clock, moment, shortId, until } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { taskUrl } from '../lib/router.js';
import { look } from '../state/task_state.js';
import { facts, time } from '../components/parts.js';
import * as texts from '../texts/submit.js';

/** A place that screen readers read out when it changes. */
export function submitNote() {
  const element = h('div', { class: 'submit-note', role: 'status', data: { testid: 'submit-note' } });
  return {
    element,
    clear: () => mount(element),
    repeating: () => mount(element, h('p', { class: 'note', key: 'lost' }, texts.REPEATING)),
    lost: () => mount(element, h('p', { class: 'note', key: 'lost' }, texts.LOST)),
    /** @param {{duplicate_of: string, status: string}} answer */
    duplicate: ({ duplicate_of: id, status }) => mount(element, h('p', { class: 'note', key: 'duplicate' },
      texts.isDuplicate(look(status).label.toLowerCase()), link(id))),
    /** @param {any} forecast the answer to a dry run */
    forecast: (forecast) => mount(element, forecastCard(forecast)),
  };
}

function link(id) {
  return h('a', { href: taskUrl(id) }, h('code', null, shortId(id)));
}

function forecastCard({ priority: queue, duplicate_of: id, summary, position, estimated_start_at: start, estimate }) {
  const now = Date.now();
  const expected = start && time(start, `${when(start, now)} (${until(start, now)})`);
  return h('section', { class: 'block forecast', key: 'forecast', data: { testid: 'forecast' } },
    h('h3', null, texts.CHECKED),
    id && h('p', { class: 'note' }, texts.WOULD_BE_DUPLICATE, link(id)),
    !id && h('p', null, visible(summary)),
    facts(/** @type {[string, any][]} */ ([
      [texts.CHECKED_FACTS.queue, queue],
      ...(position ? [[texts.CHECKED_FACTS.position, texts.inLine(position)]] : []),
      ...(start ? [[texts.CHECKED_FACTS.start, expected]] : []),
    ])),
    estimate && h('p', { class: 'soft' }, visible(estimate)));
}

/** The time of day, and the day where that is not today. */
function when(at, now) {
  const day = moment(at, now);
  return day.includes(',') ? day : clock(at);
}
