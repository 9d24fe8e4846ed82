"""A cancel in every state, and the stop of an attempt that runs."""

import pytest

import huey_tasks as tq
from tests.engine.helpers import QUEUE, HandWorker, commit, scripts, state, store, submit


def test_the_stop_of_a_cancelled_attempt_is_confirmed_by_its_own_token() -> None:
    task_id = submit("echo")
    worker = HandWorker()
    claim = worker.claim()
    assert tq.cancel(task_id).stop_confirmed is False
    scripts().stopped(QUEUE, task_id, "other")
    assert tq.get_task(task_id).stop_confirmed is False
    worker.step(commit(claim, "STOPPED"), want=0)
    assert tq.get_task(task_id).stop_confirmed is True
    assert tq.queue_stats()[1].revoked == 1


def test_a_task_that_was_cancelled_while_it_waited_has_nothing_to_confirm() -> None:
    assert tq.cancel(submit("echo")).stop_confirmed is None


@pytest.mark.parametrize("end", ["SUCCESS", "FAILURE"])
def test_an_ended_task_cannot_be_cancelled(end: str) -> None:
    task_id = submit("echo")
    worker = HandWorker()
    worker.step(commit(worker.claim(), end), want=0)
    with pytest.raises(tq.TaskFinished):
        tq.cancel(task_id)
    assert state(task_id) == end


def test_a_waiting_task_is_cancelled_and_never_claimed() -> None:
    task_id = submit("echo")
    assert tq.cancel(task_id).status == "REVOKED"
    assert HandWorker().step() == ([], [])
    assert state(task_id) == "REVOKED"


def test_a_scheduled_task_is_cancelled_and_never_promoted() -> None:
    task_id = "12345678-1234-4234-8234-123456789abc"
    store(task_id, delay_ms=1)
    tq.cancel(task_id)
    scripts().promote(QUEUE)
    assert state(task_id) == "REVOKED"


def test_a_retrying_task_is_cancelled() -> None:
    task_id = submit("fail")
    worker = HandWorker()
    worker.step(commit(worker.claim(), "RETRY", delay_ms=60_000, retries_left=1), want=0)
    tq.cancel(task_id)
    assert state(task_id) == "REVOKED"


def test_after_the_cancel_of_a_running_task_its_outcome_is_refused() -> None:
    task_id = submit("echo")
    worker = HandWorker()
    claim = worker.claim()
    tq.cancel(task_id)
    assert worker.step(commit(claim, "SUCCESS"), want=0)[0] == [False]
    assert state(task_id) == "REVOKED"


def test_the_cancel_of_an_unknown_task_says_so() -> None:
    with pytest.raises(tq.TaskNotFound):
        tq.cancel("12345678-1234-4234-8234-123456789abc")
