/* The page of one function: its error, if it cannot run, and the tab that the address names. */

import { h } from '../lib/dom.js';
import { visible } from '../lib/json_text.js';
import { pageUrl } from '../lib/router.js';
import { FUNCTION_TABS, tabOf } from '../state/page_filters.js';
import { segments } from '../components/choices.js';
import { emptyState, loadFailure } from '../components/parts.js';
import { codeTab } from './code_tab.js';
import { configurationTab } from './configuration_tab.js';
import { invokeTab } from './invoke_tab.js';
import { overviewTab } from './overview_tab.js';
import { whyNot, stateChip } from './pieces.js';
import { runsTab } from './runs_tab.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/functions.js';

const DRAW = { overview: overviewTab, runs: runsTab, invoke: invokeTab, configuration: configurationTab, code: codeTab };

/**
 * @param {string} name
 * @param {import('../state/store.js').State} state
 * @param {import('../state/actions.js').Actions} actions
 */
export function functionPage(name, state, actions) {
  const known = state.facts.function;
  const { value, problem } = known?.key === name ? known : { value: undefined, problem: null };
  const gone = problem?.code === 'function_not_found';
  return h('div', { class: 'page function-page', key: `function ${name}`, data: { page: 'function' } },
    h('div', { class: 'page-head' }, h('h1', { class: 'page-title' }, visible(name)), value && !gone && stateChip(value),
      value?.description && h('p', { class: 'soft' }, visible(value.description)),
      h('div', { class: 'page-aside' }, h('a', { href: pageUrl('functions') }, texts.ALL))),
    gone ? h('div', { key: 'gone' }, emptyState(texts.notFound(visible(name)), visible(problem.text)))
      : [problem && value && h('p', { class: 'note', key: 'old' }, common.outOfDate(problem.text)),
        value ? whole(value, state, actions) : waiting(problem ?? state.problem)]);
}

function waiting(problem) {
  return problem ? h('div', { key: 'broken' }, loadFailure(problem))
    : h('p', { class: 'booting', key: 'loading' }, common.LOADING);
}

function whole(fn, state, actions) {
  const tabs = FUNCTION_TABS.filter((each) => each !== 'invoke' || canInvoke());
  const tab = tabs.includes(tabOf(state.route.params)) ? tabOf(state.route.params) : 'overview';
  return [
    whyNot(fn, actions, true),
    h('div', { class: 'function-tabs', key: 'tabs' }, segments(texts.TABS_LABEL, tab, tabs.map((each) => [each, texts.TABS[each]]),
      (each) => pageUrl('functions', { tab: each === 'overview' ? '' : each }, fn.name))),
    h('div', { class: 'function-tab', key: tab, data: { testid: `tab-${tab}` } }, DRAW[tab](fn, state, actions)),
  ];
}

/** The inspector takes no new tasks. */
function canInvoke() {
  return document.body.dataset.app === 'dashboard';
}
