"""Change a task that waits: all of it or nothing, and never under a worker's hands."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

import huey_tasks as tq
from huey_tasks import serializer
from huey_tasks.broker import keys, once_keys
from huey_tasks.registry import types
from tests.conftest import StartConsumer
from tests.engine.helpers import HandWorker, commit, scripts, submit, wait_for

broker = tq.default.broker.redis
ADA = tq.Operator("ada", "wrong amount")
UNKNOWN = "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"


def _waits() -> str:
    return submit("echo", value=1)


def _is_due_later() -> str:
    return tq.submit("echo", {"value": 1}, delay=3600).task_id


def _is_to_be_retried() -> str:
    task_id, worker = _waits(), HandWorker()
    worker.step(commit(worker.claim(), "RETRY", delay_ms=3_600_000, retries_left=1), want=0)
    return task_id


def _waits_for_a_lock() -> str:
    task_id, worker = _waits(), HandWorker()
    worker.step(commit(worker.claim(), "PENDING", blocked_on="lock:press"), want=0)
    return task_id


def _signature(value: int) -> Any:
    echo = cast(tq.TaskFunction[..., Any], types.get("echo"))
    return echo.s(value=value)


WAITING = [_waits, _is_due_later, _is_to_be_retried, _waits_for_a_lock]


@pytest.mark.parametrize("make", WAITING)
def test_all_of_a_waiting_task_can_change(make: Callable[[], str]) -> None:
    task_id = make()
    changed = tq.change_task(
        task_id, payload={"value": [2]}, queue_priority=7, tags=["b", "a"], by=ADA
    )
    assert (changed.payload, changed.tags) == ({"value": [2]}, ("b", "a"))
    assert broker.hget(keys.task("default", task_id), "priority") == b"7"
    assert tq.change_task(task_id, tags=[]).tags == ()
    entry = tq.audit_trail(limit=1).entries[0]
    assert (entry.action, entry.target) == (tq.Action.CHANGE, task_id)


@pytest.mark.parametrize("make", WAITING)
def test_a_task_starts_now_or_later_as_it_is_changed(make: Callable[[], str]) -> None:
    task_id, at = make(), dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)
    later = tq.change_task(task_id, run_at=at)
    due = later.scheduled_for or later.next_retry_at
    assert later.status in ("SCHEDULED", "RETRY") and due is not None
    assert abs((due - at).total_seconds()) < 1

    now = tq.change_task(task_id, delay=0)
    assert now.status == "PENDING"
    assert HandWorker("other").claim().id == task_id


def _waits_for_its_type() -> str:
    tq.set_limits("echo", tq.TypeLimits(rate=1, per_s=86_400, by="value"), ADA)
    _waits()
    task_id, worker = _waits(), HandWorker()
    worker.claim()
    assert worker.step()[1] == [], "another one with this value has used up the rate"
    return task_id


@pytest.mark.parametrize("make", [_waits_for_a_lock, _waits_for_its_type])
def test_one_with_another_payload_waits_for_nothing_of_the_old_one(make: Callable[[], str]) -> None:
    held = scripts().lock("default", "press", ("", ""), ttl_ms=60_000, lease_ms=60_000)
    task_id = make()
    worker = HandWorker("other")
    assert (held, worker.step()[1]) == (True, [])
    tq.change_task(task_id, payload={"value": "another"})
    assert worker.claim().id == task_id
    tq.set_limits("echo", None, ADA)


def test_a_worker_gets_the_new_payload(start_consumer: StartConsumer) -> None:
    task_id = _waits()
    tq.change_task(task_id, payload={"value": "new"})
    start_consumer("default")
    assert wait_for(task_id, "SUCCESS").result == "new"


def test_what_follows_a_task_stays() -> None:
    first = tq.chain(_signature(1), _signature(2)).submit()
    head = first.after[0].id
    message = broker.hget(keys.task("default", head), "message")
    tq.change_task(head, payload={"value": 3})
    before, after = (
        serializer.loads(one)
        for one in (message, broker.hget(keys.task("default", head), "message"))
    )
    assert after == before._replace(kwargs={"value": 3})
    assert after.on_complete is not None


def test_a_priority_keeps_its_turn_among_its_equals() -> None:
    first, second, third = (submit("echo", value=n) for n in range(3))
    for task_id, priority in ((third, 5), (second, 5), (first, 1), (first, 5)):
        tq.change_task(task_id, queue_priority=priority)
    worker = HandWorker()
    assert [worker.claim().id for _ in range(3)] == [first, second, third]


@pytest.mark.parametrize("state", ["SUCCESS", "FAILURE"])
def test_a_task_that_runs_or_has_ended_does_not_change(state: str) -> None:
    task_id, worker = _waits(), HandWorker()
    claim = worker.claim()
    with pytest.raises(tq.TaskRunning):
        tq.change_task(task_id, payload={"value": 2})
    worker.step(commit(claim, state, reason="why"), want=0)
    with pytest.raises(tq.TaskFinished):
        tq.change_task(task_id, tags=["late"])
    with pytest.raises(tq.TaskNotFound):
        tq.change_task(UNKNOWN, tags=["late"])
    assert tq.get_task(task_id).payload == {"value": 1}


@pytest.mark.parametrize("make", WAITING)
def test_a_change_of_what_somebody_has_changed_since_is_refused(make: Callable[[], str]) -> None:
    task_id = make()
    seen = tq.get_task(task_id).updated_at
    other = tq.change_task(task_id, payload={"value": "theirs"}, if_updated_at=seen)
    last = tq.change_task(task_id, tags=["theirs"], if_updated_at=other.updated_at)
    before = broker.hgetall(keys.task("default", task_id))

    for stale in (seen, other.updated_at):
        with pytest.raises(tq.ChangedMeanwhile):
            tq.change_task(task_id, payload={"value": "mine"}, delay=60, if_updated_at=stale)

    assert broker.hgetall(keys.task("default", task_id)) == before
    assert seen < other.updated_at < last.updated_at
    assert tq.change_task(task_id, payload={"value": "mine"}).tags == ("theirs",)


WRONG: list[tuple[dict[str, Any], type[Exception]]] = [
    ({}, tq.InvalidQuery),
    ({"delay": -1}, tq.InvalidQuery),
    ({"run_at": dt.datetime(2030, 1, 1)}, tq.InvalidQuery),
    ({"run_at": dt.datetime(9999, 1, 1, tzinfo=dt.UTC)}, tq.InvalidQuery),
    ({"delay": 1, "run_at": dt.datetime.now(dt.UTC)}, tq.InvalidQuery),
    ({"queue_priority": 1000}, tq.InvalidQuery),
    ({"tags": ["a b"]}, tq.InvalidQuery),
    ({"payload": {"seconds": "x"}}, tq.InvalidPayload),
    ({"delay": 100}, tq.InvalidQuery),  # it expires before
]


@pytest.mark.parametrize(("wrong", "error"), WRONG)
def test_a_wrong_change_changes_nothing(wrong: dict[str, Any], error: type[Exception]) -> None:
    task_id = tq.submit("work_for", {"seconds": 1}, expires_in=60).task_id
    before = broker.hgetall(keys.task("default", task_id))
    more: dict[str, Any] = {"tags": ["new"]} if wrong and "tags" not in wrong else {}
    with pytest.raises(error):
        tq.change_task(task_id, **wrong, **more)
    assert broker.hgetall(keys.task("default", task_id)) == before


def test_a_change_races_with_the_start() -> None:
    """Whoever wins: the worker has the payload that the task shows."""
    ids = [submit("echo", value=0) for _ in range(200)]
    refused: list[str] = []

    def change() -> None:
        for task_id in reversed(ids):
            try:
                tq.change_task(task_id, payload={"value": 1})
            except tq.TaskRunning:
                refused.append(task_id)

    changer = threading.Thread(target=change)
    changer.start()
    worker = HandWorker()
    claims = [worker.claim() for _ in ids]
    changer.join()

    shown = {task_id: tq.get_task(task_id).payload for task_id in ids}
    for claim in claims:
        assert serializer.loads(claim.message).kwargs == shown[claim.id]
    assert {one for one in ids if shown[one] == {"value": 0}} == set(refused)


def test_a_unique_task_stands_for_its_new_payload() -> None:
    """The old payload stayed refused, and the new one could be submitted twice."""

    def send(value: Any) -> tq.SubmittedTask:
        return tq.submit("echo", {"value": value}, unique_for=60, delay=3600)

    first = send(1).task_id
    tq.change_task(first, payload={"value": {"b": 1, "a": [2.5]}})
    assert send({"a": [2.5], "b": 1}).duplicate_of == first
    second = send(1)
    assert second.duplicate_of is None, "nobody has the old payload any more"
    marks = broker.keys(once_keys.unique("*"))
    assert len(marks) == 2 and all(0 < broker.pttl(mark) <= 60_000 for mark in marks)

    with pytest.raises(tq.InvalidQuery, match=f"Another unique task has this payload: {first}"):
        tq.change_task(second.task_id, payload={"value": {"b": 1, "a": [2.5]}}, tags=["x"])
    unchanged = tq.get_task(second.task_id)
    assert (unchanged.payload, unchanged.tags) == ({"value": 1}, ())
    tq.change_task(second.task_id, payload={"value": 1})
    assert send(1).duplicate_of == second.task_id
    tq.cancel(first)
    tq.change_task(second.task_id, payload={"value": {"b": 1, "a": [2.5]}})
    assert send({"a": [2.5], "b": 1}).duplicate_of == second.task_id


def test_a_task_that_is_unique_by_its_key_or_not_at_all_takes_no_mark_along() -> None:
    keyed = tq.submit("echo", {"value": 1}, unique_for=60, unique_key="k").task_id
    unique = tq.submit("echo", {"value": 1}, unique_for=60).task_id
    plain = tq.submit("echo", {"value": 1}).task_id
    for task_id in (keyed, plain):
        tq.change_task(task_id, payload={"value": 2})
    assert tq.submit("echo", {"value": 1}, unique_for=60).duplicate_of == unique
    assert tq.submit("echo", {"value": 2}, unique_for=60).duplicate_of is None
    assert tq.submit("echo", {}, unique_for=60, unique_key="k").duplicate_of == keyed
