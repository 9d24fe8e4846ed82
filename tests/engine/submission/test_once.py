"""A submit that has an effect once: with an idempotency key, and as a unique task."""

import datetime as dt
import itertools
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, cast

import pytest

import huey_tasks as tq
from huey_tasks.broker import once_keys
from huey_tasks.registry import types
from huey_tasks.submission.batch import Submission, submit_many
from tests.conftest import StartConsumer
from tests.engine.helpers import HandWorker, commit, submit, wait_for
from tests.waiting import wait_until

broker = tq.default.broker.redis
_numbers = itertools.count()


def _echo() -> tq.TaskFunction[..., Any]:
    return cast(tq.TaskFunction[..., Any], types.get("echo"))


def _end(state: str) -> None:
    worker = HandWorker("ender")
    worker.step(commit(worker.claim(), state, reason="why"), want=0)


def test_a_repeat_gets_the_first_answer_whatever_became_of_the_task() -> None:
    first = tq.submit("echo", {"value": 1}, idempotency_key="order-42")
    again = tq.submit("echo", {"value": 1}, idempotency_key="order-42")
    _end("SUCCESS")
    later = tq.submit("echo", {"value": 1}, idempotency_key="order-42")

    assert (first.is_replay, again.is_replay, later.is_replay) == (False, True, True)
    assert {one.task_id for one in (first, again, later)} == {first.task_id}
    assert {one.status for one in (first, again, later)} == {tq.TaskState.PENDING}
    assert len(tq.list_tasks()) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"payload": {"value": 2}},
        {"payload": {"value": True}},
        {"payload": {"value": "1"}},
        {"priority": "low"},
        {"tags": ["x"]},
        {"delay": 1},
        {"expires_in": 60},
        {"queue_priority": 1},
        {"unique_for": 60},
        {"task_type": "work_for"},
    ],
    ids=lambda more: next(iter(more)),
)
def test_a_key_that_came_with_another_submit_is_refused(more: dict[str, Any]) -> None:
    tq.submit("echo", {"value": 1}, idempotency_key="k")
    submits: dict[str, Any] = {"task_type": "echo", "payload": {"value": 1}} | more
    if "task_type" in more:
        submits["payload"] = {"seconds": 1}

    with pytest.raises(tq.IdempotencyKeyReused):
        tq.submit(**submits, idempotency_key="k")

    assert len(tq.list_tasks()) == 1


def test_the_same_submit_in_other_words_is_the_same() -> None:
    utc = dt.datetime(2100, 1, 1, tzinfo=dt.UTC) - dt.timedelta(days=73 * 365)
    there = utc.astimezone(dt.timezone(dt.timedelta(hours=2)))
    one = tq.submit("echo", {"value": {"a": 1, "b": 2}}, run_at=utc, idempotency_key="k")
    two = tq.submit("echo", {"value": {"b": 2, "a": 1}}, run_at=there, idempotency_key="k")
    assert two.is_replay and two.task_id == one.task_id


def test_a_type_that_a_deploy_gave_another_queue_replays_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def both() -> list[tq.SubmittedTask]:
        kept = [
            tq.submit("echo", {"value": 1}, idempotency_key="k"),
            *submit_many([Submission("echo", {"value": 2}, idempotency_key="m")]),
        ]
        assert all(isinstance(one, tq.SubmittedTask) for one in kept), kept
        return cast(list[tq.SubmittedTask], kept)

    first = both()
    monkeypatch.setitem(types._types, "echo", replace(types.get("echo"), queue="low"))
    again = both()
    assert [(one.task_id, one.queue) for one in again] == [
        (one.task_id, "default") for one in first
    ]
    for value, queue in ((2, None), (1, "high")):
        with pytest.raises(tq.IdempotencyKeyReused):
            tq.submit("echo", {"value": value}, priority=queue, idempotency_key="k")
    assert len(tq.list_tasks()) == 2


def test_a_time_that_utc_does_not_have_finds_its_submit_too() -> None:
    at = dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=14)))
    one = tq.submit("echo", {"value": 1}, run_at=at, idempotency_key="k")
    assert tq.submit("echo", {"value": 1}, run_at=at, idempotency_key="k").task_id == one.task_id
    assert one.status == "PENDING"


def test_of_fifty_racing_callers_one_submits() -> None:
    def race(number: int) -> str:
        return tq.submit("echo", {"value": 1}, idempotency_key=f"key-{number % 5}").task_id

    with ThreadPoolExecutor(16) as callers:
        ids = list(callers.map(race, range(250)))

    assert len(set(ids)) == len(tq.list_tasks()) == 5
    assert [ids[number] for number in range(5)] * 50 == ids


def test_a_submit_that_was_refused_uses_no_key() -> None:
    with pytest.raises(tq.InvalidPayload):
        tq.submit("send_email", {"to": "nobody"}, idempotency_key="k")
    tq.drain("default")
    with pytest.raises(tq.QueueDraining):
        tq.submit("echo", {}, idempotency_key="k")
    tq.resume("default")

    assert not tq.submit("echo", {"value": 1}, idempotency_key="k").is_replay
    tq.drain("default")
    assert tq.submit("echo", {"value": 1}, idempotency_key="k").is_replay, "it was accepted"


def test_a_key_is_kept_for_a_day_and_belongs_to_its_caller() -> None:
    tq.submit("echo", {}, idempotency_key="k")
    (key,) = broker.keys(once_keys.idempotency("*"))
    assert 86_390_000 < broker.pttl(key) <= 86_400_000

    other = tq.SubmitOptions(once=tq.once_of("k", None, None, "another caller"))
    assert not tq.submit_with(other, "echo", {}, None).is_replay


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 256, "a\n"])
def test_a_key_of_other_characters_is_refused(key: str) -> None:
    with pytest.raises(tq.InvalidQuery, match="visible ASCII"):
        tq.submit("echo", {}, idempotency_key=key)


def _by_payload(value: int) -> tq.SubmittedTask:
    return tq.submit("echo", {"value": value}, unique_for=60)


def _by_key(value: int) -> tq.SubmittedTask:
    payload = {"value": next(_numbers)}
    return tq.submit("echo", payload, unique_for=60, unique_key=f"key {value}")


@pytest.mark.parametrize("submits", [_by_payload, _by_key])
def test_a_unique_task_is_one_until_it_has_ended(
    submits: Callable[[int], tq.SubmittedTask],
) -> None:
    first, other = submits(1), submits(2)
    assert (first.duplicate_of, other.duplicate_of) == (None, None)
    assert submits(1).duplicate_of == submits(1).task_id == first.task_id

    worker = HandWorker()
    claim = worker.claim()
    running = submits(1)
    assert (running.duplicate_of, running.status) == (first.task_id, tq.TaskState.STARTED)
    worker.step(commit(claim, "SUCCESS"), want=0)

    assert submits(1).duplicate_of is None


def test_of_fifty_racing_callers_one_has_the_unique_task() -> None:
    with ThreadPoolExecutor(16) as callers:
        found = list(callers.map(_by_payload, [7] * 50))
    assert len({one.task_id for one in found}) == 1
    assert [one.duplicate_of for one in found].count(None) == 1


def test_a_task_is_unique_in_all_queues_and_as_long_as_it_was_said() -> None:
    first = tq.submit("echo", {"value": 1}, priority="low", unique_for=1, unique_key="k")
    second = tq.submit("echo", {"value": 1}, priority="high", unique_for=1, unique_key="k")
    assert (second.task_id, second.queue) == (first.task_id, "low")
    wait_until(
        lambda: not tq.submit("echo", {}, unique_for=1, unique_key="k").duplicate_of,
        description="the second is over",
    )


def test_a_task_that_was_deleted_keeps_nobody_out() -> None:
    _by_payload(1)
    tq.act_on_search(tq.Action.CANCEL, "", tq.Operator("ada"))
    tq.act_on_search(tq.Action.DELETE, "", tq.Operator("ada"))
    assert _by_payload(1).duplicate_of is None


def test_a_duplicate_with_a_key_is_replayed_as_one() -> None:
    first = _by_payload(1)
    for is_replay in (False, True):
        found = tq.submit("echo", {"value": 1}, unique_for=60, idempotency_key="k")
        assert (found.duplicate_of, found.is_replay) == (first.task_id, is_replay)


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"unique_for": 0}, "'unique_for' is a number"),
        ({"unique_for": float("nan")}, "'unique_for' is a number"),
        ({"unique_for": 1e9}, "'unique_for' is a number"),
        ({"unique_for": True}, "'unique_for' is a number"),
        ({"unique_key": "k"}, "needs 'unique_for'"),
        ({"unique_for": 1, "unique_key": ""}, "'unique_key' is a text"),
        ({"unique_for": 1, "unique_key": "x" * 256}, "'unique_key' is a text"),
        ({"unique_for": 1, "unique_key": "a\nb"}, "'unique_key' is a text"),
        ({"queue_priority": 101}, "'queue_priority' is a whole number"),
        ({"queue_priority": -101}, "'queue_priority' is a whole number"),
        ({"queue_priority": 1.5}, "'queue_priority' is a whole number"),
        ({"queue_priority": True}, "'queue_priority' is a whole number"),
    ],
)
def test_a_wrong_option_is_refused(options: dict[str, Any], rule: str) -> None:
    with pytest.raises(tq.InvalidQuery, match=rule):
        tq.submit("echo", {}, **options)
    assert not tq.list_tasks()


def test_many_in_one_call_are_each_answered() -> None:
    unique = [Submission("echo", {"value": n % 2}, unique_for=60) for n in range(4)]
    found = [one for one in submit_many(unique) if isinstance(one, tq.SubmittedTask)]
    ids = [one.task_id for one in found[:2]]
    assert [one.duplicate_of for one in found] == [None, None, *ids]

    reused = submit_many([Submission("echo", {"value": n}, idempotency_key="k") for n in range(2)])
    assert isinstance(reused[0], tq.SubmittedTask)
    assert isinstance(reused[1], tq.IdempotencyKeyReused)


def test_a_map_with_a_key_goes_on_where_it_stopped() -> None:
    call = _echo().options(idempotency_key="import-7")
    first = [handle.id for handle in call.map([1, 2])]
    again = [handle.id for handle in call.map([1, 2, 3])]
    assert again[:2] == first
    assert len(tq.list_tasks()) == 3


def test_a_task_of_a_composition_is_never_a_duplicate() -> None:
    with pytest.raises(tq.InvalidQuery, match="composition"):
        _echo().options(unique_for_s=5).s(1)


def test_a_running_task_submits_once_too(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    parents = [submit("submit_once", key="child-1") for _ in range(2)]
    children = {json.dumps(wait_for(parent, "SUCCESS").result) for parent in parents}
    assert len(children) == 1


def test_within_a_queue_a_higher_priority_starts_first() -> None:
    late = [
        tq.submit("echo", {}, queue_priority=priority).task_id for priority in (-100, 0, 100, 1)
    ]
    worker = HandWorker()
    started = [worker.claim().id for _ in late]
    assert started == [late[2], late[3], late[1], late[0]]
