/* Reads what the open page shows beyond statistics and tasks. A page names its reads; each lands in
   the store as a fact under its name. Owns how often, and never two of the same at once. */

import { explain } from '../api/problem.js';

const EVERY_MS = 1_900;

/**
 * @typedef {{name: string, key?: string, get: () => Promise<any>, every_ms?: number,
 *   put?: (value: any) => any}} Read `key` tells what was asked for (a span, a filter): the fact of
 *   another key is not shown in its place. `put` makes another action than `fact`.
 * @typedef {{title: string, key: string,
 *   view: (state: import('../state/store.js').State, actions: import('../state/actions.js').Actions) => HTMLElement,
 *   reads?: (state: import('../state/store.js').State) => Read[]}} Page
 */

/**
 * @param {import('../state/store.js').Store} store
 * @param {Record<string, Page>} pages
 */
export function createReader(store, pages) {
  /** @type {Map<string, {key: string, at: number}>} */
  const last = new Map();
  /** The names of what is being read, by name and key: a slow answer about another key is not waited for. */
  const busy = new Map();
  /** What is being read while it was changed: the answer may be from before. */
  const stale = new Set();

  /** @returns {Read[]} */
  const wanted = () => pages[store.state().route.view]?.reads?.(store.state()) ?? [];

  /** Whether the open page shows this, or shows nothing of the name: a late answer must not take away what is shown. */
  const fits = (name, key) => wanted().every((each) => each.name !== name || (each.key ?? '') === key);

  /** @param {Read} read */
  async function readOne({ name, key = '', get, put, every_ms: every = EVERY_MS }) {
    const before = last.get(name);
    const fresh = before && before.key === key && performance.now() - before.at < every;
    const what = `${name} ${key}`;
    if (busy.has(what) || fresh) return;
    busy.set(what, name);
    last.set(name, { key, at: performance.now() });
    try {
      const value = await get();
      if (!stale.has(what) && fits(name, key)) store.dispatch(put ? put(value) : { type: 'fact', name, key, value });
    } catch (error) {
      const problem = explain(error);
      if (fits(name, key)) store.dispatch({ type: 'fact', name, key, problem });
      if (last.get(name)?.key === key) last.delete(name);
    } finally {
      busy.delete(what);
    }
    const now = wanted().find((each) => each.name === name);
    const again = stale.delete(what);
    if (again) last.delete(name);
    if (now && (again || (now.key ?? '') !== key)) readOne(now);
  }

  return {
    /**
     * Read what the open page shows and is no longer fresh.
     * @param {string} _view
     * @param {boolean} [restarted] the server is another: nothing is fresh
     */
    read(_view, restarted = false) {
      if (restarted) last.clear();
      wanted().forEach(readOne);
    },
    /** Read it again now: something was done to it. @param {string[]} names */
    reread(...names) {
      for (const name of names) {
        last.delete(name);
        for (const [what, of] of busy) if (of === name) stale.add(what);
      }
      wanted().forEach(readOne);
    },
  };
}
