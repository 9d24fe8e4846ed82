"""Waiting for the end of a task: notified at once, else found by a poll, free without a waiter."""

import threading
from collections.abc import Callable

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.events import completions
from huey_tasks.events.completions import Completions
from huey_tasks.queues import BROKERS
from tests.engine.helpers import QUEUE, HandWorker, commit, scripts, submit
from tests.waiting import wait_until

broker = tq.default.broker.redis


@pytest.fixture(autouse=True)
def told_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a notification wakes a waiter in these tests; the poll comes too late."""
    monkeypatch.setattr(completions, "LOOK_S", 3600.0)


class Waiting:
    """Somebody who waits in a thread."""

    def __init__(self, wait: Callable[[], object]) -> None:
        self._thread = threading.Thread(target=wait, daemon=True)
        self._thread.start()

    def is_over(self) -> bool:
        self._thread.join(0)
        return not self._thread.is_alive()


def wait_for(task_id: str) -> Waiting:
    """Wait for a task's end in a thread, and return when that is known in Redis."""
    waiting = Waiting(lambda: tq.wait_for_end(task_id, 60))
    wait_until(lambda: is_awaited(task_id), description="the task is marked")
    wait_until(lambda: listeners() == 1, description="somebody listens")
    return waiting


def is_awaited(task_id: str) -> bool:
    return broker.hget(keys.task(QUEUE, task_id), "awaited") == b"1"


def listeners() -> int:
    return broker.pubsub_numsub(keys.ends(QUEUE))[0][1]


@pytest.mark.parametrize("state", ["SUCCESS", "FAILURE", "REVOKED", "EXPIRED", "DEAD"])
def test_whoever_waits_is_told_of_every_end(state: str) -> None:
    task_id, worker = submit("echo"), HandWorker()
    waiting = wait_for(task_id)

    worker.step(commit(worker.claim(), state), want=0)

    wait_until(waiting.is_over, description="the waiting is over")


def test_whoever_waits_is_told_of_a_cancel_and_of_a_purge() -> None:
    cancelled, purged = submit("echo"), submit("echo")
    waiting = [wait_for(cancelled), wait_for(purged)]

    tq.cancel(cancelled)
    wait_until(waiting[0].is_over, description="the first waiting is over")
    assert not waiting[1].is_over()
    tq.purge(QUEUE)
    wait_until(waiting[1].is_over, description="the second waiting is over")


def test_a_retry_is_no_end() -> None:
    task_id, worker = submit("echo"), HandWorker()
    waiting = wait_for(task_id)
    worker.step(commit(worker.claim(), "RETRY", retries_left=1), want=0)
    scripts().promote(QUEUE)
    again = worker.claim()
    assert not waiting.is_over()
    worker.step(commit(again, "SUCCESS"), want=0)
    wait_until(waiting.is_over, description="the waiting is over")


def test_hundreds_wait_on_one_subscription() -> None:
    ids = [submit("echo") for _ in range(100)]
    waiting = [Waiting(lambda task_id=task_id: tq.wait_for_end(task_id, 60)) for task_id in ids * 3]
    wait_until(lambda: all(map(is_awaited, ids)), description="all tasks are marked")

    assert listeners() == 1
    tq.purge(QUEUE)
    wait_until(lambda: all(one.is_over() for one in waiting), description="all are notified")


def test_nothing_is_said_of_a_task_that_nobody_waits_for() -> None:
    with broker.pubsub() as channel:
        channel.subscribe(keys.ends(QUEUE))
        assert channel.get_message(timeout=30)["type"] == "subscribe"
        tq.cancel(submit("echo"))
        awaited = submit("echo")
        assert scripts().awaited(QUEUE, awaited) == "PENDING"
        tq.cancel(awaited)
        assert channel.get_message(timeout=30)["data"].decode() == awaited


def test_the_wait_ends_in_time_without_an_end() -> None:
    task_id = submit("echo")
    tq.wait_for_end(task_id, 0.01)
    assert tq.get_task(task_id).status == "PENDING"


def test_what_has_ended_is_not_waited_for() -> None:
    task_id = submit("echo")
    tq.cancel(task_id)
    tq.wait_for_end(task_id, 3600)
    assert not is_awaited(task_id)


@pytest.mark.parametrize("task_id", ["6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11", "x", ""])
def test_an_unknown_task_cannot_be_waited_for(task_id: str) -> None:
    with pytest.raises(tq.TaskNotFound):
        tq.wait_for_end(task_id, 3600)


def test_an_end_that_was_not_heard_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    task_id = submit("echo")
    waiting = wait_for(task_id)
    assert broker.client_kill_filter(_type="pubsub") == 1
    tq.cancel(task_id)  # nobody hears of it
    wait_until(waiting.is_over, description="it is found out when the subscription is back")

    monkeypatch.setattr(completions, "LOOK_S", 0.05)
    task_id = submit("echo")
    with Completions(BROKERS).listen(QUEUE, task_id) as event:  # not marked, so no one is notified
        tq.cancel(task_id)
        assert event.wait(60)


def test_a_task_that_is_gone_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completions, "LOOK_S", 0.05)
    task_id = submit("echo")
    with Completions(BROKERS).listen(QUEUE, task_id) as event:
        tq.cancel(task_id)
        broker.delete(keys.task(QUEUE, task_id))
        assert event.wait(60)
    broker.flushall()


def test_a_stop_wakes_everybody_and_lets_nobody_wait() -> None:
    own = Completions(BROKERS)
    with own.listen(QUEUE, "one") as first, own.listen(QUEUE, "two") as second:
        own.stop()
        assert first.wait(60) and second.wait(60)
        with own.listen(QUEUE, "three") as third:
            assert third.is_set()


def test_nobody_waits_and_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Completions(BROKERS)
    before = listeners()
    with own.listen(QUEUE, "one"):
        wait_until(lambda: listeners() == before + 1, description="somebody listens")
    monkeypatch.setattr(completions, "KEEP_S", 0.01)
    wait_until(lambda: listeners() <= before, description="nobody listens")
    with own.listen(QUEUE, "one"):
        wait_until(lambda: listeners() >= 1, description="somebody listens again")
