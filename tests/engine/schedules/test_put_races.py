"""Puts, creates, deletes and moves of one schedule at once end as if they had come in turn."""

import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.queues import BROKERS, QUEUES
from huey_tasks.schedules import records
from tests.engine.schedules.by_hand import ADA, create

#: What callers say, each in all of its parts.
SAID: list[dict[str, Any]] = [
    {"task_type": "echo", "payload": {"value": 1}, "priority": "high", "every_s": 60.0},
    {"task_type": "echo", "payload": {"value": 2}, "priority": "low", "every_s": 61.0},
    {"task_type": "echo", "payload": {"value": 3}, "priority": "default", "every_s": 62.0},
    {"task_type": "add_to", "payload": {"number": 1}, "priority": "low", "every_s": 63.0},
    {"task_type": "add_to", "payload": {"number": 2}, "priority": "high", "every_s": 64.0},
    {"task_type": "fail", "payload": {}, "priority": "low", "every_s": 65.0},
]


def put(said: dict[str, Any], name: str = "s", **more: Any) -> tq.ScheduleRecord:
    made, _ = tq.put_schedule(name, **said, **more)
    assert is_what(made, said), "the answer is what the caller has put"
    return made


def is_what(record: tq.ScheduleRecord, said: dict[str, Any]) -> bool:
    seen = (record.task_type, record.payload, record.queue, record.every_s)
    return seen == (said["task_type"], said["payload"], said["priority"], said["every_s"])


def at_once(*calls: Callable[[], object]) -> list[Future[object]]:
    """Begin these calls in one moment; wait for all of them."""
    gate = threading.Barrier(len(calls))

    def begin(call: Callable[[], object]) -> object:
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [pool.submit(begin, call) for call in calls]


@contextmanager
def moving(times: int) -> Generator[Callable[[], bool]]:
    """Let a schedule `s` go from queue to queue; yields whether it still does."""
    put(SAID[0])

    def move() -> None:
        for _, said in zip(range(times), cycle(SAID[:3]), strict=False):
            put(said)

    with ThreadPoolExecutor(1) as pool:
        moves = pool.submit(move)
        yield lambda: not moves.done()
        moves.result()


def left(name: str = "s") -> list[records.Schedule]:
    return records.named(BROKERS, name)


@pytest.mark.parametrize("said", [SAID, [SAID[1], SAID[3], SAID[5]] * 2], ids=["queues", "types"])
def test_puts_at_once_leave_one_that_is_all_that_one_of_them_said(
    said: list[dict[str, Any]],
) -> None:
    for number in range(30):
        name = f"n{number}"
        for done in at_once(*(partial(put, each, name, by=ADA) for each in said)):
            done.result()
        assert len(left(name)) == 1
        assert any(is_what(tq.get_schedule(name), each) for each in said)
    entries = tq.audit_trail(limit=200).entries
    created = [each.target for each in entries if each.action == "schedule_create"]
    assert sorted(filter(None, created)) == sorted(f"n{number}" for number in range(30))


def test_of_puts_at_once_that_move_it_each_is_one_change_in_the_audit() -> None:
    for number in range(20):
        name = f"n{number}"
        create(name)
        for done in at_once(*(partial(put, each, name, by=ADA) for each in SAID)):
            done.result()
    entries = tq.audit_trail(limit=200).entries
    assert [each.action for each in entries] == ["schedule_update"] * 20 * len(SAID)


def test_a_put_at_once_with_deletes_is_answered_and_nobody_finds_none_that_was_there() -> None:
    for _ in range(40):
        create()
        deleted, *puts = at_once(
            partial(tq.delete_schedule, "s", ADA), *(partial(put, each) for each in SAID)
        )
        deleted.result()
        for done in puts:
            done.result()
        assert len(left()) <= 1
        if left():
            tq.delete_schedule("s")
    deletes = tq.audit_trail(action=tq.Action.SCHEDULE_DELETE, limit=200).entries
    assert len(deletes) == 40, "each delete that was answered has deleted one"


def test_a_create_is_refused_or_comes_before_the_put() -> None:
    for number in range(40):
        name = f"n{number}"
        made, done = at_once(
            lambda name=name: tq.create_schedule(name, "echo", {}, every_s=9, priority="high"),
            partial(put, SAID[3], name),
        )
        done.result()
        assert made.exception() is None or isinstance(made.exception(), tq.ScheduleExists)
        assert len(left(name)) == 1 and is_what(tq.get_schedule(name), SAID[3])


def test_a_reader_sees_one_while_it_moves() -> None:
    create("other")

    def read() -> None:
        while goes_on():
            assert len(left()) == 1
            assert len(records.all_schedules(BROKERS)) == 2
            assert tq.get_schedule("s").queue in QUEUES

    with moving(150) as goes_on:
        for done in at_once(read, read, read):
            done.result()


def test_what_operators_do_finds_it_while_it_moves() -> None:
    def run() -> None:
        while goes_on():
            tq.run_schedule("s", ADA)

    def change() -> None:
        while goes_on():
            changed = tq.change_schedule("s", tq.ScheduleChanges(tags=["t"]), ADA)
            assert changed.tags == ("t",)

    with moving(100) as goes_on:
        for done in at_once(run, change):
            done.result()
    assert len(left()) == 1


def test_a_pause_stays_whichever_put_comes_first() -> None:
    for number in range(30):
        name = f"n{number}"
        create(name)
        pause = partial(put, SAID[1], name, paused=True)
        for done in at_once(pause, *(partial(put, each, name) for each in SAID)):
            done.result()
        assert tq.get_schedule(name).paused
