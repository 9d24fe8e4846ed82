/* A page of the inspector around one thing that was read: its title, its trouble, its content. */

import { h } from '../dom.js';
import { emptyState } from './parts.js';

/**
 * @param {import('../store.js').State} state
 * @param {string} name of the view, and of what it reads
 * @param {string} title
 * @param {string} about one line under the title
 * @param {(value: any) => import('../dom.js').Child|import('../dom.js').Child[]} draw
 */
export function factPage(state, name, title, about, draw) {
  const { value, problem } = state.facts[name] ?? { value: undefined, problem: null };
  return h('div', { class: 'page', key: name },
    h('div', { class: 'page-head' }, h('h1', { class: 'page-title' }, title), h('p', { class: 'soft' }, about)),
    problem && value !== undefined && h('p', { class: 'note', key: 'old' }, `Not refreshed: ${problem.text}`),
    value !== undefined ? draw(value)
      : problem ? emptyState('This cannot be read now', problem.text)
        : h('p', { class: 'booting' }, 'Loading…'));
}
