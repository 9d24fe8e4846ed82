"""Redis serves nobody else while a script runs: what changes many tasks is done in slices."""

import huey_tasks as tq
from huey_tasks.audit.operation import Action, Operator
from huey_tasks.broker import keys
from huey_tasks.broker.protocol import Cause, NewTask
from huey_tasks.broker.scripts.operators import OperatorScripts
from huey_tasks.consumer import duties
from huey_tasks.operations import undo
from huey_tasks.records import rows
from tests.engine.helpers import QUEUE, HandWorker, commit, recover, scripts, store
from tests.waiting import wait_until

broker = tq.default.broker.redis


BY = Operator("ada", "why")


def store_many(count: int, message: bytes = b"{}", delay_ms: int = 0) -> list[str]:
    ids = [f"task-{number}" for number in range(count)]
    new = [NewTask(task_id, message, "echo", delay_ms=delay_ms) for task_id in ids]
    scripts().submit(QUEUE, new)
    return ids


def finish_many(count: int) -> list[str]:
    ids, worker, left = store_many(count), HandWorker(), count
    while left:
        _, claims = worker.step(want=left, worth='{"echo": 0}')
        worker.step(*(commit(claim, "SUCCESS") for claim in claims), want=0)
        left -= len(claims)
    return ids


def calls() -> int:
    """How many scripts have run."""
    found: dict[str, dict[str, int]] = broker.info("commandstats")
    both = [found[f"cmdstat_{name}"] for name in ("eval", "evalsha") if f"cmdstat_{name}" in found]
    return sum(each["calls"] - each["failed_calls"] for each in both)


def test_150_finished_tasks_are_forgotten_at_a_time_50_in_a_call() -> None:
    finish_many(160)
    before = calls()

    assert duties.prune(tq.default.broker, cap=0) == duties.PAUSE_S

    assert (calls() - before, broker.zcard(keys.submitted(QUEUE))) == (3, 10)
    assert duties.prune(tq.default.broker, cap=0) is None
    assert (calls() - before, broker.zcard(keys.submitted(QUEUE))) == (4, 0)


def freed_later() -> int:
    return int(broker.info("memory")["lazyfreed_objects"])


def test_a_long_log_is_freed_beside_other_commands() -> None:
    finish_many(1)
    broker.rpush(keys.log(QUEUE, "task-0"), *["x" * 2000] * 500)
    before = freed_later()

    scripts().prune(QUEUE, ttl_ms=60_000, cap=0)

    wait_until(lambda: freed_later() > before, description="another thread has freed the log")


def test_the_list_of_a_large_failure_group_is_freed_beside_other_commands() -> None:
    cause = Cause("a" * 16, "ValueError", "", "")
    store("old")
    worker = HandWorker()
    worker.step(commit(worker.claim(), "FAILURE", cause=cause), want=0)
    broker.zadd(keys.failed(QUEUE, cause.fingerprint), {f"gone-{n}": n for n in range(1000)})
    before = freed_later()

    for number in range(500):
        store(f"new-{number}")
        new = cause._replace(fingerprint=f"{number:016x}", error_type=f"E{number}")
        worker.step(commit(worker.claim(), "FAILURE", cause=new), want=0)

    assert not broker.exists(keys.failed(QUEUE, cause.fingerprint))
    wait_until(lambda: freed_later() > before, description="another thread has freed the list")


def test_100_lost_tasks_are_recovered_at_a_time_25_in_a_call() -> None:
    store_many(110)
    for number in range(2):
        HandWorker(f"lost-{number}").step(want=64, lease_ms=1, worth='{"echo": 0}')
    started = keys.index(QUEUE, "STARTED")
    assert broker.zcard(started) == 110
    wait_until(lambda: broker.zcount(started, "-inf", scripts_now()) == 110, description="all end")
    before = calls()

    duties.recover_lost(tq.default, max_crashes=3)

    assert (calls() - before, broker.zcard(started)) == (4, 10)
    duties.recover_lost(tq.default, max_crashes=3)
    assert (calls() - before, broker.zcard(started)) == (5, 0)


def test_after_an_outage_500_leases_are_extended_by_a_call() -> None:
    recover()
    store_many(110)
    for number in range(2):
        HandWorker(f"away-{number}").step(want=64, lease_ms=1, worth='{"echo": 0}')
    broker.hset(keys.counters(QUEUE), "recovered_at", 1)

    assert recover() == []

    assert broker.zcount(keys.index(QUEUE, "STARTED"), scripts_now() + 50_000, "+inf") == 110
    assert broker.hget(keys.counters(QUEUE), "recovered_at") != b"1"


def scripts_now() -> int:
    return tq.default.broker.now_ms()


def test_50_due_tasks_of_a_state_are_promoted_by_a_call() -> None:
    store_many(60, delay_ms=1)
    waiting = keys.index(QUEUE, "SCHEDULED")
    wait_until(lambda: broker.zcount(waiting, "-inf", scripts_now()) == 60, description="all due")

    assert scripts().promote(QUEUE) == 0
    assert broker.zcard(waiting) == 10
    scripts().promote(QUEUE)
    assert broker.zcard(waiting) == 0


def test_a_purge_revokes_50_tasks_in_a_call() -> None:
    store_many(110)
    before = calls()
    assert undo.purge(tq.default.broker, "why", None) == 110
    assert calls() - before == 3


def test_a_delete_and_its_undo_change_50_tasks_in_a_call() -> None:
    ids = finish_many(110)
    before = calls()
    acted = tq.act_on_tasks(Action.DELETE, ids, BY)
    assert (acted.done, calls() - before) == (110, 3)
    before = calls()
    assert tq.undo(acted.operation.id, BY).restored == 110
    assert calls() - before == 3


def test_a_submit_of_many_stores_100_in_a_call() -> None:
    before = calls()
    tq.submit_many([tq.Submission("echo", {"value": number}) for number in range(210)])
    assert calls() - before == 3


def test_100_rows_are_read_by_a_call_and_fewer_that_are_large() -> None:
    ids = store_many(210)
    before = calls()
    assert [row.task_id for row in rows.load(tq.default.broker, ids)] == ids
    assert calls() - before == 3
    for task_id in ids[:20]:
        broker.hset(keys.task(QUEUE, task_id), "message", "x" * 60_000)
    before = calls()
    assert [row.task_id for row in rows.load(tq.default.broker, ids[:20])] == ids[:20]
    assert calls() - before == 3


def test_40_failure_groups_are_read_by_a_call() -> None:
    worker = HandWorker()
    for number in range(90):
        store(f"task-{number}")
        cause = Cause(f"{number:016x}", f"E{number}", "", "")
        worker.step(commit(worker.claim(), "FAILURE", cause=cause), want=0)
    before = calls()
    (seen,) = OperatorScripts(scripts()).failures([QUEUE])
    assert [each.fingerprint for each in seen.groups] == [f"{n:016x}" for n in range(89, -1, -1)]
    assert calls() - before == 3
