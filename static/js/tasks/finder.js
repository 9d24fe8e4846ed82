/* Reads what the search of the address finds: the newest page again and again, pages further down when
   the reader scrolls, and those in sight again. A search that finds little continues for a few requests. */

import { explain } from '../api/problem.js';
import { findTasks } from '../api/tasks.js';
import { oneAtATime } from '../lib/one_at_a_time.js';
import { cursorOf } from '../state/search_results.js';
import { sameSearch } from '../state/page_state.js';
import { isTerminal } from '../state/task_state.js';

const FIRST = 100;
const MORE = 200;
/** Requests that a search which has not filled a page makes by itself. */
const ROUNDS = 20;

/**
 * @param {import('../state/store.js').Store} store
 * @param {() => string[]} inSight ids of the rows that the reader sees
 */
export function createFinder({ dispatch, state }, inSight) {
  /** Pages further down may have changed unheard. */
  let doubtful = false;
  /** A search that has found little was not gone on with to its end. */
  let filling = false;
  const isOpen = () => state().route.view === 'tasks';
  const about = () => JSON.stringify([isOpen(), state().route.search]);

  /** Ask, and hand the answer on unless the reader has moved on; false when there is no more to do. */
  async function ask(request, detail) {
    const asked = state().route;
    try {
      const answer = await findTasks({ ...asked.search, ...request });
      if (!sameSearch(asked, state().route)) return false;
      dispatch({ type: 'found', answer, ...detail });
      return true;
    } catch (error) {
      const problem = explain(error);
      if (sameSearch(asked, state().route)) dispatch({ type: 'foundProblem', problem });
      return false;
    }
  }

  const refresh = oneAtATime(async () => {
    // While another page is open nothing is read.
    if (!isOpen()) doubtful = true;
    // What is wrong with the words of a search does not mend itself.
    if (!isOpen() || state().foundProblem?.errors?.length) return;
    const fresh = !state().found.loaded;
    if (fresh) doubtful = false;
    if (!await ask({ limit: FIRST }, { how: 'head' })) return;
    if (fresh || filling) filling = !await goOnUntil(FIRST);
    if (!fresh) await askAgain();
  }, about);

  /** Read those further down again that the reader sees, one after the other. */
  async function askAgain() {
    const cursors = cursorsInSight(state().found, inSight(), doubtful);
    doubtful = false;
    for (const cursor of cursors) if (!await ask({ limit: MORE, cursor }, { how: 'again', cursor })) doubtful = true;
  }

  /** Frames were missed: the pages further down are out of date too. */
  function rereadAll() {
    doubtful = true;
    dispatch({ type: 'foundAnew' });
  }

  const more = oneAtATime(async () => {
    if (!isOpen() || !state().found.next) return;
    await goOnUntil(state().found.rows.length + MORE);
  }, about);

  async function next() {
    dispatch({ type: 'reading', on: true });
    const went = await ask({ limit: MORE, cursor: state().found.next }, { how: 'more' });
    dispatch({ type: 'reading', on: false });
    return went;
  }

  /** @returns {Promise<boolean>} false when a page could not be read */
  async function goOnUntil(rows) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { found } = state();
      if (!found.next || found.rows.length >= rows) return true;
      if (!await next()) return false;
    }
    return true;
  }

  return { refresh, more, rereadAll };
}

/** Pages below the first one that the reader sees, and in which something may still change (or is doubtful). */
function cursorsInSight(found, ids, doubtful) {
  const moving = ids.filter((id) => {
    const task = found.byId.get(id);
    return task && (doubtful || !isTerminal(task)) && !found.left.has(id);
  });
  return [...new Set(moving.map((id) => cursorOf(found, id)))].filter((cursor) => cursor !== null).slice(0, 2);
}
