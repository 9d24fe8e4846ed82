/* What an operator can do with schedules: make, change, run, pause, resume, delete them. */

import { changeSchedule, createSchedule, deleteSchedule, runSchedule } from '../api/operators.js';
import { explain } from '../api/problem.js';
import { ApiProblem } from '../api/tasks.js';
import { createAttempt } from '../components/notify.js';
import { until } from '../lib/format.js';
import { fromHere, pageUrl } from '../lib/router.js';
import { serverNow } from '../state/page_state.js';
import { definitionOf, jsonObject } from '../state/schedules.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/schedules.js';

/** @typedef {import('../state/schedules.js').Schedule} Schedule */

/**
 * @param {import('../state/store.js').Store} store
 * @param {import('../state/actions.js').Toast} toast
 * @param {import('../state/actions.js').Reread} reread
 */
export function createScheduleActions(store, toast, reread) {
  const held = createHeld(store);
  const done = () => reread('schedules', 'recentAudit', 'audit');
  const attempt = createAttempt(toast, done);
  return {
    ...createPause(store, held, toast, attempt),
    ...createDelete(store, held, toast, attempt, done),

    /** @param {string} name */
    runSchedule: (name) => attempt(async () => {
      const answer = await runSchedule(name);
      toast('good', texts.runsNow(name, answer.priority), { taskId: answer.task_id });
    }),

    saveSchedule: createSave(store, held, toast, done),

    /** @param {string} rule JSON text */
    lookAtRule(rule) {
      if (store.state().ui.rule === rule) return;
      store.dispatch({ type: 'ui', set: { rule } });
      reread('preview');
    },
  };
}

/** The next read may be two seconds away: what an answer tells is shown at once. */
function createHeld({ dispatch, state }) {
  const others = (name) => {
    const known = /** @type {Schedule[]} */ (state().facts.schedules?.value ?? []);
    return known.filter((each) => each.name !== name);
  };
  const hold = (schedules) => dispatch({ type: 'fact', name: 'schedules', value: schedules });
  return {
    /** @param {Schedule} schedule */
    put: (schedule) => hold([...others(schedule.name), schedule]),
    /** @param {string} name */
    drop: (name) => hold(others(name)),
  };
}

function createPause({ dispatch }, held, toast, attempt) {
  const setPaused = (name, paused, reason = '') => attempt(async () => {
    const change = { paused: String(paused), ...(reason ? { reason: JSON.stringify(reason) } : {}) };
    held.put(await changeSchedule(name, jsonObject(change)));
    toast('good', paused ? texts.paused(name) : texts.resumed(name));
  });
  return {
    /** @param {string} name */
    resumeSchedule: (name) => setPaused(name, false),

    /** @param {string} name */
    askPauseSchedule: (name) => dispatch({ type: 'question', question: {
      title: texts.PAUSE.title(name),
      text: texts.PAUSE.text,
      verb: 'Pause', run: (reason) => setPaused(name, true, reason),
    } }),
  };
}

function createDelete({ dispatch }, held, toast, attempt, done) {
  /** @param {Schedule} schedule */
  async function bringBack(schedule) {
    try {
      held.put(await createSchedule(definitionOf(schedule)));
      toast('good', texts.restored(schedule.name));
    } catch (error) {
      // Only this page knows any more what it was: the way back stays open.
      toast('bad', common.notUndone(explain(error).text), { undo: () => bringBack(schedule) });
    }
    done();
  }

  return {
    /** @param {Schedule} schedule */
    askDeleteSchedule: (schedule) => dispatch({ type: 'question', question: {
      title: texts.DELETE.title(schedule.name),
      text: texts.DELETE.text,
      verb: 'Delete', danger: true,
      run: (reason) => attempt(async () => {
        await deleteSchedule(schedule.name, reason);
        held.drop(schedule.name);
        toast('good', texts.deleted(schedule.name), { undo: () => bringBack(schedule) });
      }),
    } }),
  };
}

function createSave({ dispatch, state }, held, toast, done) {
  /**
   * Create a schedule, or change the one of this name.
   * @param {string} name
   * @param {string} body JSON text
   * @param {boolean} isNew
   * @returns {Promise<import('../state/actions.js').Fault[]>} what the form has to say; empty: it is done
   */
  return async (name, body, isNew) => {
    const goOn = fromHere();
    try {
      const schedule = isNew ? await createSchedule(body) : await changeSchedule(name, body);
      held.put(schedule);
      toast('good', texts.saved(schedule.name, schedule.next_run_at ? until(schedule.next_run_at, serverNow(state())) : ''));
      dispatch({ type: 'ui', set: { schedule: schedule.name } });
      goOn(pageUrl('schedules'));
      done();
      return [];
    } catch (error) {
      const { code, text } = explain(error);
      if (code === 'changed_meanwhile') {
        done();
        return [{ pointer: '', message: texts.CHANGED_BEFORE }];
      }
      if (code === 'schedule_exists') return [{ pointer: '/name', message: text }];
      return error instanceof ApiProblem && error.errors.length ? error.errors : [{ pointer: '', message: texts.notSaved(text) }];
    }
  };
}
