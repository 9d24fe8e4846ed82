/* A page around one thing that was read: its title, its trouble, its content. */

import { h } from '../lib/dom.js';
import { loadFailure } from './parts.js';
import * as common from '../texts/common.js';

/**
 * @param {import('../state/store.js').State} state
 * @param {string} name of what it shows (app/reader.js)
 * @param {string} title
 * @param {string} about one line under the title
 * @param {(value: any, isOld: boolean) => import('../lib/dom.js').Children} draw `isOld`: it could not be read again
 * @param {{key?: string, aside?: import('../lib/dom.js').Children}} [more] `key`
 *   of what is asked for, `aside` stands beside the title
 */
export function factPage(state, name, title, about, draw, { key = '', aside = null } = {}) {
  const fact = state.facts[name];
  const { value, problem } = fact?.key === key ? fact : { value: undefined, problem: null };
  // What the socket says of the service comes long before a request to a frozen one ends.
  const trouble = problem ?? state.problem;
  return h('div', { class: 'page', key: name, data: { page: name } },
    h('div', { class: 'page-head' }, h('h1', { class: 'page-title' }, title), h('p', { class: 'soft' }, about),
      aside && trouble?.code !== 'forbidden' && h('div', { class: 'page-aside' }, aside)),
    problem && value !== undefined && h('p', { class: 'note', key: 'old' }, common.outOfDate(problem.text)),
    value !== undefined ? draw(value, Boolean(trouble))
      : trouble ? h('div', { key: 'broken' }, loadFailure(trouble))
        : h('p', { class: 'booting', key: 'loading' }, common.LOADING));
}
