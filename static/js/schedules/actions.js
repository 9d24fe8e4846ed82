/* What an operator can do with schedules: make, change, run, pause, resume, delete them. */

import { explain } from '../api/problem.js';
import { ApiProblem } from '../api/tasks.js';
import { until } from '../lib/format.js';
import { changeSchedule, createSchedule, deleteSchedule, runSchedule } from '../api/operators.js';
import { go, pageUrl } from '../lib/router.js';
import { definitionOf, jsonObject } from '../state/schedules.js';
import { serverNow } from '../state/store.js';

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
    toast('good', paused ? `${name} is paused.` : `${name} runs again.`);
  });

  /** @param {import('../state/schedules.js').Schedule} schedule */
  async function bringBack(schedule) {
    try {
      put(await createSchedule(definitionOf(schedule)));
      toast('good', `${schedule.name} is there again.`);
    } catch (error) {
      // Only this page knows any more what it was: the way back stays open.
      toast('bad', `Not undone. ${explain(error).text}`, undefined, () => bringBack(schedule));
    }
    done();
  }

  return {
    /** @param {string} name */
    runSchedule: (name) => attempt(async () => {
      const answer = await runSchedule(name);
      toast('good', `${name} runs now, on the ${answer.priority} queue.`, answer.task_id);
    }),

    /** @param {string} name */
    resumeSchedule: (name) => setPaused(name, false),

    /** @param {string} name */
    askPauseSchedule: (name) => dispatch({ type: 'question', question: {
      title: `Pause ${name}?`,
      text: 'It makes no tasks until it is resumed, and due times that pass meanwhile are not made up for. What it has made goes on.',
      verb: 'Pause', run: (reason) => setPaused(name, true, reason),
    } }),

    /** @param {import('../state/schedules.js').Schedule} schedule */
    askDeleteSchedule: (schedule) => dispatch({ type: 'question', question: {
      title: `Delete ${schedule.name}?`,
      text: 'It makes no more tasks; those that it has made stay. Undone, it is made again, with its counts at zero.',
      verb: 'Delete', danger: true,
      run: (reason) => attempt(async () => {
        await deleteSchedule(schedule.name, reason);
        hold(known().filter(({ name }) => name !== schedule.name));
        toast('good', `${schedule.name} is deleted.`, undefined, () => bringBack(schedule));
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
        const next = schedule.next_run_at ? `its next run is ${until(schedule.next_run_at, serverNow(state()))}` : 'it is paused';
        toast('good', `${schedule.name} is ${isNew ? 'set' : 'changed'}: ${next}.`);
        dispatch({ type: 'ui', set: { schedule: schedule.name } });
        go(pageUrl('schedules'));
        done();
        return [];
      } catch (error) {
        const { code, text } = explain(error);
        if (code === 'schedule_exists') return [{ pointer: '/name', message: text }];
        return error instanceof ApiProblem && error.errors.length ? error.errors : [{ pointer: '', message: `Not saved. ${text}` }];
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
