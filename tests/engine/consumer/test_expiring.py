"""Tasks that were not started in time end at that time, wherever they wait."""

from collections.abc import Callable
from pathlib import Path

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from tests.conftest import StartConsumer
from tests.engine.helpers import (
    QUEUE,
    HandWorker,
    commit,
    release,
    scripts,
    state,
    store,
    submit,
    wait_for,
)
from tests.engine.snapshot import clock_ms
from tests.waiting import wait_until

broker = tq.default.broker.redis
HOUR = 3_600_000


def where(task_id: str) -> str:
    """The state of a task, which is in the index of that state and in no other."""
    found, indexes = scripts().whereabouts(QUEUE, task_id)
    assert indexes == [found]
    return found


def _wait_until_late() -> None:
    begun = clock_ms()
    wait_until(lambda: clock_ms() > begun + 1, description="a millisecond is over")


def _is_late(*task_ids: str) -> None:
    """Let the time of tasks be over."""
    for task_id in task_ids:
        broker.hset(keys.task(QUEUE, task_id), "expires_at", 1)
        broker.zadd(keys.expiring(QUEUE), {task_id: 1}, xx=True)


def _waiting_for_a_type() -> None:
    store("late", task_type="new", expires_ms=HOUR)
    scripts().knows(QUEUE, "old", ["echo"])
    worker = HandWorker("old/w")
    worker.announces = True
    assert worker.step() == ([], [])
    assert broker.exists(keys.blocked(QUEUE, "type:new"))
    _is_late("late")


def _on_the_schedule() -> None:
    store("late", expires_ms=2 * HOUR, delay_ms=HOUR)
    _is_late("late")


@pytest.mark.parametrize(
    "wait",
    [
        lambda: store("late", expires_ms=1),
        lambda: (tq.pause(QUEUE), store("late", expires_ms=1)),
        lambda: (store("first", priority=9), store("late", expires_ms=1)),
        _waiting_for_a_type,
        _on_the_schedule,
    ],
    ids=["in turn", "paused", "behind", "for a type", "scheduled"],
)
def test_a_task_that_is_too_late_ends_wherever_it_waits(wait: Callable[[], object]) -> None:
    wait()
    _wait_until_late()
    assert scripts().expire(QUEUE) is None
    assert where("late") == "EXPIRED"
    assert broker.hget(keys.task(QUEUE, "late"), "reason") == b"it was not started in time"
    assert not broker.exists(keys.expiring(QUEUE), keys.blocked(QUEUE, "type:new"))


def test_the_next_one_is_told_of() -> None:
    assert scripts().expire(QUEUE) is None
    store("one", expires_ms=HOUR)
    store("other", expires_ms=2 * HOUR)
    next_s = scripts().expire(QUEUE)
    assert next_s is not None and 3590 < next_s <= 3600
    assert where("one") == where("other") == "PENDING"


def test_a_call_ends_some_and_says_that_there_are_more() -> None:
    for number in range(60):
        store(f"task {number}", expires_ms=1)
    _wait_until_late()
    assert scripts().expire(QUEUE) == 0
    assert scripts().expire(QUEUE) is None
    assert broker.zcard(keys.index(QUEUE, "EXPIRED")) == 60


def test_what_was_started_in_time_goes_on() -> None:
    store("runs", expires_ms=20_000)
    store("again", expires_ms=20_000, max_attempts=2)
    worker, other = HandWorker("w"), HandWorker("v")
    running, failing = worker.claim(), other.claim()
    other.step(commit(failing, "RETRY", delay_ms=HOUR, retries_left=1), want=0)
    _is_late("runs", "again")
    assert scripts().expire(QUEUE) is None
    assert (where("runs"), where("again")) == ("STARTED", "RETRY")
    assert worker.step(commit(running, "SUCCESS"), want=0)[0] == [True]


def test_one_whose_worker_died_has_started_in_time() -> None:
    store("task", expires_ms=20_000)
    release(HandWorker().claim())
    _is_late("task")
    assert scripts().expire(QUEUE) is None
    assert where("task") == "PENDING"


@pytest.mark.parametrize("end", ["SUCCESS", "cancel", "purge", "withdraw", "erase"])
def test_no_end_leaves_a_time_to_look_at(end: str) -> None:
    store("task", expires_ms=HOUR if end != "erase" else 1)
    if end == "SUCCESS":
        worker = HandWorker()
        worker.step(commit(worker.claim(), end), want=0)
    elif end == "cancel":
        scripts().cancel(QUEUE, "task", "")
    elif end == "purge":
        tq.purge(QUEUE)
    elif end == "withdraw":
        assert scripts().withdraw(QUEUE, "task")
    else:
        broker.delete(keys.task(QUEUE, "task"))
        _wait_until_late()
        scripts().expire(QUEUE)
        assert HandWorker().step() == ([], [])  # a claim drops its id
    assert not broker.exists(keys.expiring(QUEUE))


def test_a_consumer_ends_them_while_its_workers_are_busy_or_its_queue_is_paused(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    ledger, go_on = tmp_path / "ledger", tmp_path / "go on"
    start_consumer(QUEUE, concurrency=1)
    busy = submit("stay_until", file=str(ledger), go_on=str(go_on))
    wait_until(ledger.exists, description="the worker is busy")
    behind = tq.submit("echo", {"value": 1}, expires_in=1).task_id
    wait_for(behind, "EXPIRED")
    assert state(busy) == "STARTED"
    tq.pause(QUEUE)
    go_on.touch()
    wait_for(busy, "SUCCESS")
    wait_for(tq.submit("echo", {"value": 1}, expires_in=1).task_id, "EXPIRED")
