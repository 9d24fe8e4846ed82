/* Forms that are built once and kept, so that a draft survives a look at another page. */

import { h } from '../lib/dom.js';

/** @returns {(key: string, make: (done: (form: HTMLElement) => void) => HTMLElement) => HTMLElement} `done`: with that draft */
export function createKeptForms() {
  /** @type {Map<string, HTMLElement>} */
  const forms = new Map();
  return (key, make) => {
    const form = forms.get(key) ?? make((done) => forms.get(key) === done && forms.delete(key));
    forms.set(key, form);
    return h('div', { key, wake: (host) => host.append(form) });
  };
}
