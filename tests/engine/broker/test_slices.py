"""Redis serves nobody else while a script runs: what changes many tasks is done in slices."""

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.broker.protocol import Cause, NewTask
from huey_tasks.consumer import duties
from tests.engine.helpers import QUEUE, HandWorker, commit, scripts, store
from tests.waiting import wait_until

broker = tq.default.broker.redis


def finish_many(count: int) -> None:
    scripts().submit(QUEUE, [NewTask(f"task-{n}", b"{}", "echo") for n in range(count)])
    worker, left = HandWorker(), count
    while left:
        _, claims = worker.step(want=left, worth='{"echo": 0}')
        worker.step(*(commit(claim, "SUCCESS") for claim in claims), want=0)
        left -= len(claims)


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
