/* Every attempt of a task: how long it waited and ran, on one scale of time, where, and how it ended. */

import { h } from '../lib/dom.js';
import { clock, duration, instant } from '../lib/format.js';
import { visible } from '../lib/json_text.js';
import { isTerminal } from '../state/task_state.js';
import { copyButton, stateBadge, time } from '../components/parts.js';
import { traceback as drawTraceback } from '../components/traceback.js';
import { receiptFacts } from './receipt.js';
import * as texts from '../texts/task.js';

/** How an attempt ended, where that is no state of a task. */
const ENDS = texts.ATTEMPT_ENDS;

/** @typedef {import('../state/records.js').Attempt & {waits_from: number|null, waiting?: boolean}} Lane */

/**
 * @param {import('../state/records.js').Task} task
 * @param {number} now server time, milliseconds
 * @param {import('../state/actions.js').Actions} actions
 */
export function attemptsBlock(task, now, actions) {
  const lanes = lanesOf(task);
  const from = instant(task.submitted_at) ?? now;
  const to = Math.max(from + 1, instant(task.finished_at) ?? (isTerminal(task) ? last(lanes) ?? now : now));
  const place = (at) => Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100));
  return h('section', { class: 'block attempts', key: 'attempts', data: { testid: 'attempts' } },
    h('div', { class: 'block-head' }, h('h3', null, task.max_attempts > 1 ? texts.attemptsTitle(task.attempt, task.max_attempts) : 'Time'),
      h('span', { class: 'legend' }, h('span', null, h('i', { class: 'swatch wait' }), ' waited'),
        lanes.some((lane) => lane.started_at)
        && h('span', null, h('i', { class: 'swatch run', data: { state: isTerminal(task) ? task.status : 'STARTED' } }), ' ran'))),
    h('ol', null, lanes.map((lane) => drawLane(lane, place, now, task, actions))),
    h('div', { class: 'lane-scale faint', 'aria-hidden': 'true' }, h('span', null, clock(from)),
      h('span', null, duration((to - from) / 1000)), h('span', null, isTerminal(task) ? clock(to) : 'now')));
}

function drawLane(lane, place, now, task, actions) {
  const { attempt, waiting, worker, error, traceback, receipt } = lane;
  const started = instant(lane.started_at);
  const ended = instant(lane.ended_at) ?? (started ? now : null);
  const waited = lane.waits_from === null ? null : (started ?? now) - lane.waits_from;
  const bar = (kind, from, to, state) => h('i', {
    class: `span ${kind}`, key: kind, data: { state },
    style: { left: `${place(from)}%`, width: `${Math.max(0.4, place(to) - place(from))}%` },
  });
  return h('li', { key: `${attempt}-${lane.started_at ?? 'next'}`, data: { testid: 'attempt' } },
    h('div', { class: 'lane', 'aria-hidden': 'true' },
      lane.waits_from !== null && bar('wait', lane.waits_from, started ?? now, 'PENDING'),
      started !== null && bar('run', started, ended ?? now, ENDS[lane.state] ? 'FAILURE' : lane.state)),
    h('p', { class: 'lane-words' },
      h('b', null, waiting ? `Attempt ${attempt} waits` : `Attempt ${attempt}`),
      !waiting && (ENDS[lane.state] ? h('span', { class: 'chip bad' }, ENDS[lane.state]) : stateBadge(lane.state)),
      waited !== null && h('span', null, `${waiting ? 'for' : 'waited'} ${duration(waited / 1000)}`),
      started !== null && h('span', null, `ran ${duration(((ended ?? now) - started) / 1000)}`),
      started !== null && h('span', { class: 'soft' }, 'at ', time(started, clock(started))),
      worker && h('span', { class: 'soft lane-worker' }, visible(worker))),
    receipt && receiptFacts(receipt),
    error && !(attempt === task.attempt && isTerminal(task)) && h('details', { class: 'lane-error' },
      h('summary', null, h('span', { dir: 'auto' }, visible(error).slice(0, 240))),
      h('div', { class: 'block-head' }, h('span', { class: 'faint' }, texts.WHOLE_ERROR),
        copyButton(actions, `${error}\n\n${traceback ?? ''}`, `error of attempt ${attempt}`)),
      drawTraceback(traceback || error, texts.tracebackOf(attempt))));
}

/** @param {import('../state/records.js').Task} task @returns {Lane[]} */
function lanesOf(task) {
  const known = [...(task.attempts ?? [])].filter(({ started_at: started }) => started);
  const seen = known.at(-1)?.attempt ?? 0;
  if (task.started_at && seen < Math.max(1, task.attempt)) {
    known.push({
      attempt: task.attempt || 1, state: task.status, started_at: task.started_at,
      ended_at: task.status === 'STARTED' ? null : task.finished_at, worker: task.worker, error: null, traceback: null,
    });
  }
  let before = instant(task.submitted_at);
  /** @type {Lane[]} */
  const lanes = known.map((each) => {
    const lane = { ...each, waits_from: before };
    before = instant(each.ended_at);
    return lane;
  });
  if (task.status === 'PENDING' || task.status === 'RETRY' || task.status === 'SCHEDULED') {
    lanes.push({ attempt: (known.at(-1)?.attempt ?? 0) + 1, state: task.status, started_at: null, ended_at: null, worker: null, error: null,
      traceback: null, waits_from: before, waiting: true });
  }
  return lanes;
}

function last(lanes) {
  return lanes.map(({ ended_at: ended, started_at: started }) => instant(ended ?? started)).filter((at) => at !== null).at(-1);
}
