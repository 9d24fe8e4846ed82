/* What an operator can do with schedules: make, change, run, pause, resume, delete them. */

import { explain } from '../api/problem.js';
import { ApiProblem } from '../api/tasks.js';
import { until } from '../lib/format.js';
import { changeSchedule, createSchedule, deleteSchedule, runSchedule } from '../api/operators.js';
import { go, pageUrl } from '../lib/router.js';
import { definitionOf, jsonObject } from '../state/schedules.js';
import { serverNow } from '../state/store.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/schedules.js';

/**
 * @param {import('../state/store.js').Store} store
 * @param {import('../tasks/actions.js').Actions} basic
 * @param {(...names: string[]) => void} reread
 */
export function createScheduleActions({ dispatch, state }, { toast }, reread) {
  const done = () => reread('schedules', 'recentAudit', 'audit');
  const known = () => /** @type {import('../state/schedules.js').Schedule[]} */ (state().facts.schedules?.value ?? []);
  /** The next read may be two seconds away: what is known is shown at once. */
  const hold = (schedules) => dispatch({ type: 'fact', name: 'schedules', value: schedules });
  const put = (schedule) => hold([...known().filter(({ name }) => name !== schedule.name), schedule]);

  /** Run it; a failure is said and changes nothing else. */
  async function attempt(run) {
    try {
      await run();
    } catch (error) {
      toast('bad', explain(error).text);
    }
    done();
  }

  const setPaused = (name, paused, reason = '') => attempt(async () => {
    put(await changeSchedule(name, jsonObject({ paused: String(paused), ...(reason ? { reason: JSON.stringify(reason) } : {}) })));
    toast('good', paused ? texts.paused(name) : texts.resumed(name));
  });

  /** @param {import('../state/schedules.js').Schedule} schedule */
  async function bringBack(schedule) {
    try {
      put(await createSchedule(definitionOf(schedule)));
      toast('good', texts.restored(schedule.name));
    } catch (error) {
      // Only this page knows any more what it was: the way back stays open.
      toast('bad', common.notUndone(explain(error).text), undefined, () => bringBack(schedule));
    }
    done();
  }

  return {
    /** @param {string} name */
    runSchedule: (name) => attempt(async () => {
      const answer = await runSchedule(name);
      toast('good', texts.runsNow(name, answer.priority), answer.task_id);
    }),

    /** @param {string} name */
    resumeSchedule: (name) => setPaused(name, false),

    /** @param {string} name */
    askPauseSchedule: (name) => dispatch({ type: 'question', question: {
      title: texts.PAUSE.title(name),
      text: texts.PAUSE.text,
      verb: 'Pause', run: (reason) => setPaused(name, true, reason),
    } }),

    /** @param {import('../state/schedules.js').Schedule} schedule */
    askDeleteSchedule: (schedule) => dispatch({ type: 'question', question: {
      title: texts.DELETE.title(schedule.name),
      text: texts.DELETE.text,
      verb: 'Delete', danger: true,
      run: (reason) => attempt(async () => {
        await deleteSchedule(schedule.name, reason);
        hold(known().filter(({ name }) => name !== schedule.name));
        toast('good', texts.deleted(schedule.name), undefined, () => bringBack(schedule));
      }),
    } }),

    /**
     * Create a schedule, or change the one of this name.
     * @param {string} name
     * @param {string} body JSON text
     * @param {boolean} isNew
     * @returns {Promise<{pointer: string, message: string}[]>} what the form has to say; empty: it is done
     */
    async saveSchedule(name, body, isNew) {
      try {
        const schedule = isNew ? await createSchedule(body) : await changeSchedule(name, body);
        put(schedule);
        toast('good', texts.saved(schedule.name, schedule.next_run_at ? until(schedule.next_run_at, serverNow(state())) : ''));
        dispatch({ type: 'ui', set: { schedule: schedule.name } });
        go(pageUrl('schedules'));
        done();
        return [];
      } catch (error) {
        const { code, text } = explain(error);
        if (code === 'schedule_exists') return [{ pointer: '/name', message: text }];
        return error instanceof ApiProblem && error.errors.length ? error.errors : [{ pointer: '', message: texts.notSaved(text) }];
      }
    },

    /** The form is being filled in: look at the rule it has now. @param {string} rule JSON text */
    lookAtRule(rule) {
      if (state().ui.rule === rule) return;
      dispatch({ type: 'ui', set: { rule } });
      reread('preview');
    },
  };
}
