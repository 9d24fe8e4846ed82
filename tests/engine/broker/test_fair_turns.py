"""Fair turns: tasks of one type with `fair_by`, whose values take turns in a queue."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys, limit_keys
from huey_tasks.broker.protocol import About
from tests.conftest import StartConsumer
from tests.engine.helpers import HandWorker, commit, submit, wait_for

broker = tq.default.broker.redis
NUMBERS = itertools.count()
ABOUT = About("echo", 1, 0.001, "")


@pytest.fixture(autouse=True)
def turns() -> Iterator[None]:
    tq.set_limits("echo", tq.TypeLimits(fair_by="value"))
    yield
    tq.set_limits("echo", None)


def order(worker: HandWorker | None = None) -> list[Any]:
    """Claim all that waits, one after the other; returns the values, and types that have none."""
    worker, found = worker or new_worker(), list[Any]()
    while claims := worker.step()[1]:
        payload = tq.get_task(claims[0].id).payload
        found.append(payload.get("value", tq.get_task(claims[0].id).task_type))
        worker.step(commit(claims[0], "SUCCESS", about=ABOUT), want=0)
    return found


def new_worker() -> HandWorker:
    return HandWorker(f"w{next(NUMBERS)}")


def send(value: str, number: int = 1, **options: Any) -> list[str]:
    return [
        tq.submit("echo", {"value": value}, priority="default", **options).task_id
        for _ in range(number)
    ]


def test_a_value_with_many_tasks_does_not_delay_one_with_few() -> None:
    send("a", 6)
    send("b", 2)
    send("c", 1)
    send("b", 1)
    found = order()
    assert [sorted(found[:3]), sorted(found[3:5]), sorted(found[5:7]), found[7:]] == [
        ["a", "b", "c"], ["a", "b"], ["a", "b"], ["a", "a", "a"],
    ]  # fmt: skip


def test_each_value_keeps_its_own_order_and_a_round_that_runs_takes_no_more() -> None:
    mine = send("a", 3)
    worker = new_worker()
    claim = worker.claim()
    theirs = send("b", 3)
    worker.step(commit(claim, "SUCCESS", about=ABOUT), want=0)
    found = list[str]()
    while claims := worker.step()[1]:
        found.append(claims[0].id)
        worker.step(commit(claims[0], "SUCCESS", about=ABOUT), want=0)
    assert [task_id for task_id in [claim.id, *found] if task_id in mine] == mine
    assert [task_id for task_id in found if task_id in theirs] == theirs
    assert {*found[:2]} == {mine[1], theirs[0]} and {*found[2:4]} == {mine[2], theirs[1]}


def test_other_types_keep_their_places_before_a_value_with_many() -> None:
    send("a", 3)
    submit("add", a=1, b=2)
    send("a", 2)
    assert order() == ["a", "a", "a", "add", "a", "a"]


def test_when_nothing_of_it_waits_a_new_value_stands_at_the_end() -> None:
    send("a")
    order()
    submit("add", a=1, b=2)
    send("b")
    assert order() == ["add", "b"]
    send("a")
    submit("add", a=1, b=2)
    send("b", 2)
    assert order()[-1] == "b"


def test_long_numbers_take_turns() -> None:
    for number in (123456789012346, 123456789012346, 123456789012347):
        submit("echo", value=number)
    assert sorted(order()[:2]) == [123456789012346, 123456789012347]


def test_priority_goes_before_turns() -> None:
    send("a", 3)
    send("b", 2, queue_priority=5)
    send("a", 1, queue_priority=5)
    found = order()
    assert sorted(found[:2]) == ["a", "b"] and found[2] == "b" and found[3:] == ["a", "a", "a"]


def test_retries_and_delayed_tasks_take_their_turn() -> None:
    send("a", 1)
    (later,) = send("b", 1, delay=600)
    send("a", 3)
    worker = new_worker()
    claim = worker.claim()
    tq.act_on_tasks(tq.Action.REQUEUE, [later], tq.Operator("ada", "now"))
    worker.step(commit(claim, "RETRY", about=ABOUT, delay_ms=0), want=0)
    tq.default.broker.scripts.promote("default")
    found = order(worker)
    assert sorted(found[:2]) == ["a", "b"], "it stands beside the next of a, not behind all"


def test_a_released_task_returns_to_its_place() -> None:
    ids = send("a", 3)
    claim = HandWorker("lost").claim()
    send("b", 2)
    tq.default.broker.scripts.release("default", "lost", kind="crashes", blamed="", limit=9)
    assert claim.id == ids[0]
    assert new_worker().claim().id == ids[0]


def test_they_hold_within_concurrency_too() -> None:
    tq.set_limits("echo", tq.TypeLimits(concurrency=1, fair_by="value"))
    send("a", 5)
    one = new_worker()
    first = one.claim()
    assert new_worker().step(want=10)[1] == [], "the others are blocked now"
    send("b")
    one.step(commit(first, "SUCCESS", about=ABOUT), want=0)
    tq.default.broker.scripts.promote("default")
    assert "b" in order()[:2]


def _cancel_one_by_one(ids: list[str]) -> None:
    for task_id in ids:
        tq.cancel(task_id)


def _purge(ids: list[str]) -> None:
    tq.purge("default")


def _expire(ids: list[str]) -> None:
    for task_id in ids:
        broker.hset(keys.task("default", task_id), "expires_at", 1)
    while any(tq.get_task(task_id).status != "EXPIRED" for task_id in ids):
        assert new_worker().step()[1] == []


def _delay(ids: list[str]) -> None:
    for task_id in ids:
        tq.change_task(task_id, delay=600)


def _withdraw(ids: list[str]) -> None:
    for task_id in ids:
        tq.default.broker.scripts.withdraw("default", task_id)


@pytest.mark.parametrize("give_up", [_cancel_one_by_one, _purge, _expire, _delay, _withdraw])
def test_places_of_tasks_that_wait_no_more_are_nobodys(
    give_up: Callable[[list[str]], None],
) -> None:
    give_up(send("a", 6))
    assert broker.exists(*(of("default", "echo") for of in _KEPT)) == 0
    submit("add", a=1, b=2)
    send("b", 4)
    send("a", 2)
    found = order()
    assert found[0] == "add", "it came first"
    assert [sorted(found[1:3]), sorted(found[3:5]), found[5:]] == [
        ["a", "b"],
        ["a", "b"],
        ["b"] * 2,
    ]


def test_a_value_that_gives_up_some_turns_keeps_its_order_and_the_others_theirs() -> None:
    mine = send("a", 6)
    theirs = send("b", 2)
    _cancel_one_by_one([mine[0], mine[3], mine[5]])
    other = submit("add", a=1, b=2)
    late = send("a", 1)
    new = send("c", 4)
    worker, found = new_worker(), list[str]()
    while claims := worker.step()[1]:
        found.append(claims[0].id)
        worker.step(commit(claims[0], "SUCCESS", about=ABOUT), want=0)
    rounds = [
        {theirs[0], new[0]},
        {mine[1], theirs[1], new[1]},
        {mine[2], new[2]},
        {mine[4], new[3]},
    ]
    assert [set(found[:2]), set(found[2:5]), set(found[5:7]), set(found[7:9])] == rounds
    assert found[9:] == [other, *late]


def test_who_cancels_its_last_tasks_is_not_put_behind_them() -> None:
    mine = send("a", 5)
    send("b", 5)
    _cancel_one_by_one(mine[::-1])
    send("a", 1)
    assert "a" in order()[:2]


def test_a_task_of_another_priority_leaves_its_round() -> None:
    (first, *_) = send("a", 3)
    tq.change_task(first, queue_priority=5)
    submit("add", a=1, b=2)
    send("b", 2)
    found = order()
    assert found[0] == "a" and sorted(found[1:3]) == ["a", "b"] and found[-1] == "add"


def test_rounds_that_began_without_turns_are_forgotten() -> None:
    send("a", 4)
    tq.set_limits("echo", None)
    order()
    submit("add", a=1, b=2)
    tq.set_limits("echo", tq.TypeLimits(fair_by="value"))
    send("b", 2)
    assert order() == ["add", "b", "b"]


def test_nothing_is_kept_without_it() -> None:
    tq.set_limits("echo", None)
    send("a", 3)
    send("b", 1)
    assert order() == ["a", "a", "a", "b"]
    keys = (limit_keys.fair(), *(of("default", "echo") for of in _KEPT))
    assert broker.exists(*keys) == 0


_KEPT = (limit_keys.fair_rounds, limit_keys.fair_turns)


def test_a_small_tenant_is_served_first_also_when_a_consumer_is_killed(
    start_consumer: StartConsumer,
) -> None:
    big, small = send("big", 200), send("small", 3)
    first = start_consumer("default")
    wait_for(small[0], "SUCCESS")
    first.kill()
    start_consumer("default")
    ends = [wait_for(task_id, "SUCCESS").finished_at for task_id in small]
    last = wait_for(big[-1], "SUCCESS")
    assert last.started_at is not None
    assert all(at is not None and at < last.started_at for at in ends)
    starts = [started for task_id in big if (started := tq.get_task(task_id).started_at)]
    assert sum(at is not None and started > at for started in starts for at in ends) > 3 * 150
