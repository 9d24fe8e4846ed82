/* Shows the verdict: large on the overview, as a bar elsewhere when something is wrong. */

import { h } from '../lib/dom.js';
import { pageUrl, tasksUrl } from '../lib/router.js';
import { verdict } from '../state/verdict.js';
import { base } from '../lib/root.js';
import { icon } from '../components/icons.js';
import { button, code } from '../components/parts.js';
import { SERVICE_STATE, VERDICT } from '../texts/overview.js';

const SHAPES = { good: 'check', busy: 'play', warn: 'warning', bad: 'warning' };
const MOST = 4;

/**
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function verdictHero(state, actions) {
  return draw(verdict(state, base()), state, actions, 'hero');
}

/** Elsewhere only what keeps the service from working takes room from the page. */
export function noticeBar(state, actions) {
  const said = verdict(state, base());
  return state.route.view === 'overview' || said.severity !== 'broken' ? null : draw(said, state, actions, 'notice');
}

function draw(said, state, actions, form) {
  const [first, ...others] = said.conditions;
  return h('section', { class: `verdict ${form}`, data: { tone: said.tone, severity: said.severity, testid: 'verdict' },
    'aria-label': SERVICE_STATE },
    h('span', { class: 'verdict-mark', key: said.tone }, icon(SHAPES[said.tone])),
    h('div', { class: 'verdict-words' },
      h(form === 'hero' ? 'h1' : 'h2', null, said.title),
      // Its numbers change all the time: the title alone is read out.
      h('p', { 'aria-live': 'off' }, said.text, (first?.commands ?? []).map((command) => [' ', code(command)]), ' ', link(first),
        said.untouched && document.body.dataset.app === 'dashboard'
          && h('a', { href: pageUrl('submit'), key: 'first', data: { needs: 'submitter', testid: 'first-link' } }, VERDICT.fine.first)),
      form === 'hero' && others.length > 0 && also(others)),
    first?.retry && button('Try now', actions.retryNow, {}, 'retry'),
    state.problem?.code === 'unauthorized'
      && button('Enter key', () => actions.dispatch({ type: 'dialog', dialog: 'key' }), { class: 'primary' }, 'key'));
}

/** What else is true, in the same order. */
function also(others) {
  const more = others.length - MOST;
  return h('ul', { class: 'verdict-also', key: 'also', 'aria-live': 'off', 'aria-label': 'Also' },
    others.slice(0, MOST).map((one) => h('li', { key: `${one.code} ${one.queues.join()}`, data: { code: one.code } },
      h('b', null, one.title), one.text && [' – ', one.text],
      (one.commands ?? []).map((command) => [' ', code(command)]), ' ', link(one))),
    more > 0 && h('li', { key: 'more' }, `and ${more} more`));
}

function link(condition) {
  if (!condition?.link) return null;
  const { page, item, params, tasks } = /** @type {any} */ (condition.link);
  const href = tasks ? tasksUrl(tasks) : pageUrl(page, params, item);
  return h('a', { href, key: 'link', data: { testid: 'verdict-link' } }, condition.more);
}
