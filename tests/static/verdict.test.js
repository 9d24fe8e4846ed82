import assert from 'node:assert/strict';
import { test } from 'node:test';

import { severity, verdict } from '../../static/js/state/verdict.js';
import { startConsumer } from '../../static/js/texts/common.js';

const NOW = Date.parse('2030-03-17T17:46:40Z');
const NEW = '2030-03-17T17:45:00Z';
const LATE = { queued: 3, oldest_waiting_s: 75, active: 2 };
const STOPPED = { paused: true, stopped_by: 'ada', stopped_at: '2030-03-17T17:41:40Z' };
const failing = (share) => ({ last_minute: { failed: Math.round(100 * share), failure_rate: share } });

function queue(name = 'default', facts = {}) {
  const minute = { seconds: 60, done: 100, failed: 0, per_s: 1.7, failure_rate: 0, per_s_before: 1.7, ...facts.last_minute };
  return {
    queue: name, queued: 0, active: 0, retry: 0, consumers: 1, workers: 2, paused: false, draining: false, set_aside: 0,
    oldest_waiting_s: null, stopped_by: null, stopped_why: null, stopped_at: null, ...facts, last_minute: minute,
  };
}

const group = (more = {}) => ({
  fingerprint: '00112233aabbccdd', error_type: 'KeyError', message: 'no such duck', queues: ['default'], task_types: ['feed'],
  count: 7, trend: [7], first_seen: '2030-03-17T17:00:00Z', last_seen: '2030-03-17T17:46:30Z', ...more,
});

function judge(queues, { problem = null, causes = [] } = {}) {
  const sum = (field) => queues.reduce((total, each) => total + each[field], 0);
  const stats = { queues, active_tasks: sum('active'), retry_tasks: 0, scheduled_tasks: 0, workers_online: sum('consumers'),
    success_tasks: 9, failed_tasks: 1, revoked_tasks: 2, expired_tasks: 0 };
  const state = { stats, problem, socket: 'open', now: NOW, skew: 0, facts: { causes: { value: causes } } };
  const said = verdict(state, 'http://here');
  return { ...said, short: severity(said), codes: said.conditions.map(({ code }) => code) };
}

for (const [facts, causes, degree, code, words] of [
  [{}, [], 'fine', undefined, 'All clear, nothing queued'],
  [{ active: 2, queued: 5 }, [], 'fine', undefined, '2 running, 5 waiting'],
  [STOPPED, [], 'broken', 'all_paused', 'All queues are paused: nothing starts'],
  [{ refuses: 'queue_full', queued: 3 }, [], 'losing', 'queue_full', 'The default queue is full and refuses tasks'],
  [{ refuses: 'queue_unavailable' }, [], 'broken', 'no_writes', 'Redis takes no writes: no task is accepted, none starts'],
  [{ losses: ['gone'] }, [], 'broken', 'data_lost', 'Data of the default queue are lost'],
  [{ refuses: 'memory_low' }, [], 'losing', 'memory_low', 'Redis is low on memory: the default queue refuses tasks'],
  [{ draining: true }, [], 'stopped', 'draining', 'The default queue is draining'],
  [LATE, [], 'late', 'waiting_long', 'default is falling behind'],
  [failing(0.46), [], 'losing', 'failing', 'default is failing: 46.0\u00a0%'],
  [failing(0.1), [], 'losing', 'failing', 'default is failing: 10.0\u00a0%'],
  [failing(0.09), [group()], 'fine', undefined, 'All clear'],
  [{}, [group({ first_seen: NEW })], 'losing', 'new_cause', 'New failure: KeyError: no such duck'],
  [{}, [group({ first_seen: NEW, message: 'after # seconds' })], 'losing', 'new_cause', 'New failure: KeyError: after … seconds'],
  [{ set_aside: 2 }, [], 'losing', 'set_aside', '2 tasks are in quarantine'],
  [{ consumers: 0 }, [], 'broken', 'no_consumer', 'The default queue has no consumer'],
]) {
  test(`the headline says: ${words}`, () => {
    const said = judge([queue('default', facts)], { causes });
    assert.ok(said.title.includes(words), said.title);
    assert.deepEqual([said.severity, said.short, said.codes[0]], [degree, degree, code]);
  });
}

test('what is worst comes first, and the rest follows in its order', () => {
  const everything = { ...STOPPED, ...failing(0.5), set_aside: 1 };
  const queues = [queue('default', everything), queue('high', LATE), queue('low', { consumers: 0 })];
  const said = judge(queues, { causes: [group({ first_seen: NEW, fingerprint: 'ff'.repeat(8), queues: ['high'] })] });
  assert.deepEqual(said.codes, ['no_consumer', 'failing', 'new_cause', 'set_aside', 'waiting_long', 'paused']);
  // What was known before is not judged.
  const away = judge([queue('default', everything)], { problem: { code: 'unreachable', text: '' } });
  assert.deepEqual(away.codes, ['unreachable']);
});

test('a new failure that the headline names has no line of its own', () => {
  const said = judge([queue('default', failing(0.5))], { causes: [group({ first_seen: NEW })] });
  assert.deepEqual(said.codes, ['failing']);
});

test('the worst queue and its most frequent cause are named and linked', () => {
  const rare = group({ fingerprint: 'ff'.repeat(8), count: 900, trend: [1], error_type: 'OldError' });
  const { conditions } = judge([queue('high', failing(0.2)), queue('default', failing(0.4))], { causes: [rare, group()] });
  assert.deepEqual([conditions[0].queues, conditions[0].number], [['default'], 0.4]);
  assert.ok(conditions[0].text.includes('40 of 100 tasks failed, mostly with KeyError: no such duck.'));
  assert.deepEqual(conditions[0].link, { page: 'failures', params: { cause: '00112233aabbccdd' } });
  assert.deepEqual(conditions[1].link, { tasks: { queue: 'high', state: 'failed' } });
});

test('a service that has never had a task asks for the first one', () => {
  const stats = { queues: [queue('default')], active_tasks: 0, retry_tasks: 0, scheduled_tasks: 0, workers_online: 3,
    success_tasks: 0, failed_tasks: 0, revoked_tasks: 0, expired_tasks: 0 };
  const say = (more) => verdict({ stats: { ...stats, ...more }, socket: 'open', now: NOW, skew: 0, facts: {} }, 'http://here');
  assert.deepEqual([say({}).text, say({}).untouched], ['3 consumers online.', true]);
  const later = say({ failed_tasks: 1 });
  assert.deepEqual([later.text, later.untouched], ['3 consumers online. 1 task finished so far.', false]);
});

test('who stopped a queue is said, and its backlog is not called late', () => {
  const said = judge([queue('default', { ...LATE, ...STOPPED, stopped_why: 'new printer' }), queue('low')]);
  assert.deepEqual(said.codes, ['paused']);
  assert.equal(said.text, 'Paused by ada 5 min ago: new printer. 3 tasks wait.');
});

for (const [command, start] of [['python app.py', 'make run'], ['duckline', 'duckline up']]) {
  test(`commands are those of ${command}`, (context) => {
    globalThis.document = { body: { dataset: { command } } };
    context.after(() => delete globalThis.document);
    const problem = { code: 'unreachable', text: 'no answer' };
    const said = verdict({ stats: null, problem, socket: 'closed', now: NOW, skew: 0, facts: {} }, 'http://here');
    assert.deepEqual(said.conditions.flatMap(({ commands }) => commands ?? []), [start]);
    assert.equal(startConsumer('gpu'), `${command} consumer gpu`);
  });
}
