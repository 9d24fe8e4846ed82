/* Shows the verdict: large on the overview, as a bar elsewhere when something is wrong. */

import { h } from '../dom.js';
import { verdict } from '../verdict.js';
import { base } from '../root.js';
import { icon } from './icons.js';
import { button, code } from './parts.js';

const SHAPES = { good: 'check', busy: 'play', warn: 'warning', bad: 'warning' };

/**
 * @param {import('../store.js').State} state
 * @param {import('../actions.js').Actions & {retryNow: () => void}} actions
 */
export function verdictHero(state, actions) {
  return draw(verdict(state, base()), state, actions, 'hero');
}

/**
 * @param {import('../store.js').State} state
 * @param {import('../actions.js').Actions & {retryNow: () => void}} actions
 */
export function noticeBar(state, actions) {
  const said = verdict(state, base());
  return state.route.view === 'overview' || said.tone !== 'bad' ? null : draw(said, state, actions, 'notice');
}

function draw(said, state, actions, form) {
  return h('section', { class: `verdict ${form}`, data: { tone: said.tone, testid: 'verdict' }, 'aria-label': 'State of the service' },
    h('span', { class: 'verdict-mark', key: said.tone }, icon(SHAPES[said.tone])),
    h('div', { class: 'verdict-words' },
      h(form === 'hero' ? 'h1' : 'h2', null, said.title),
      // Its numbers change all the time: the title alone is read out.
      h('p', { 'aria-live': 'off' }, said.text, (said.commands ?? []).map((command) => [' ', code(command)]))),
    said.retry && button('Try now', actions.retryNow, {}, 'retry'),
    state.problem?.code === 'unauthorized'
      && button('Enter key', () => actions.dispatch({ type: 'dialog', dialog: 'key' }), { class: 'primary' }, 'key'));
}
