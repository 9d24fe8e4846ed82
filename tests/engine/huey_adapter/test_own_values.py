"""The values that one task of Huey's has of its own are checked before anything is stored."""

import datetime as dt
import sys
import uuid
from importlib import import_module
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.registry.types import get as task_type
from tests.conftest import StartConsumer
from tests.engine.helpers import QUEUE, scripts, state, store, wait_for

LAST = dt.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC)

WRONG: list[tuple[str, Any]] = [
    ("id", "x" * 37),
    ("id", "ä" * 19),
    ("id", "a/b"),
    ("id", "nul\0"),
    ("id", "\ud800"),
    ("id", 7),
    ("retries", sys.maxsize),
    ("retries", 10**17),
    ("retries", -3),
    ("retries", "3"),
    ("retry_delay", float("nan")),
    ("retry_delay", -5),
    ("retry_backoff", float("inf")),
    ("timeout", "10"),
    ("timeout", -1),
    ("timeout", float("nan")),
    ("priority", 1.5),
    ("priority", 10**400),
    ("eta", LAST),
    ("expires", LAST),
    ("expires", dt.timedelta(days=365_000)),
]

RIGHT: list[tuple[str, Any]] = [
    ("id", "x" * 36),
    ("id", "order:42"),
    ("retries", 0),
    ("retries", 1_000_000),
    ("retry_delay", 0.5),
    ("timeout", 0),
    ("priority", -1),
    ("eta", dt.datetime.now(dt.UTC) + dt.timedelta(days=3650)),
    ("expires", dt.timedelta(days=3650)),
    ("expires", dt.datetime(2020, 1, 1)),
]


#: Ids of tasks.
ENDLESS, OFTEN, NO_LIMIT, LATE = (str(uuid.uuid4()) for _ in range(4))


def add(**values: Any) -> Any:
    """A task with these values of its own."""
    return import_module("native").native_add.s([], 1, **values)


@pytest.mark.parametrize(("name", "value"), WRONG, ids=lambda value: ascii(value)[:24])
def test_a_value_that_cannot_work_is_refused_where_it_is_given(name: str, value: Any) -> None:
    with pytest.raises(tq.InvalidQuery, match=f"native_add: {name}="):
        tq.default.enqueue(add(**{name: value}))
    assert tq.list_tasks() == []


@pytest.mark.parametrize(("name", "value"), RIGHT, ids=lambda value: ascii(value)[:24])
def test_what_works_is_taken(name: str, value: Any) -> None:
    task_id = tq.default.enqueue(add(**{name: value})).id
    assert [record.task_id for record in tq.list_tasks()] == [task_id]


@pytest.mark.parametrize("of", ["then", "error"])
def test_one_that_follows_is_checked_before_the_first_is_stored(of: str) -> None:
    with pytest.raises(tq.InvalidQuery, match="timeout='10'"):
        tq.default.enqueue(getattr(add(), of)(add(timeout="10")))
    assert tq.list_tasks() == []


def test_schedule_and_a_type_of_ours_are_checked_too() -> None:
    with pytest.raises(tq.InvalidQuery, match="eta="):
        import_module("native").native_add.schedule(([], 1), eta=LAST)
    ours = task_type("add").wrappers["default"]
    with pytest.raises(tq.InvalidQuery, match="retries=-3"):
        tq.default.enqueue(ours.s(1, 2, retries=-3))
    assert tq.list_tasks() == []


def test_records_that_were_stored_before_keep_nobody_from_the_others(
    start_consumer: StartConsumer,
) -> None:
    """A version before wrote what the check refuses now."""
    message = tq.default.serialize_task(add())
    limited = tq.default.serialize_task(add(timeout=7)).replace(b'":7', b'":"10"')
    store(ENDLESS, message, "native_add", max_attempts=-2)
    store(OFTEN, message, "native_add", max_attempts=9.22e18)
    store(NO_LIMIT, limited, "native_add")
    store(LATE, message, "native_add", delay_ms=1)
    tq.default.broker.redis.hset(keys.task(QUEUE, LATE), "due_at", "2.534023008e+14")
    tq.default.broker.redis.zadd(keys.index(QUEUE, "SCHEDULED"), {LATE: 2.534023008e14})
    assert len(tq.list_tasks()) == 4
    start_consumer("default")
    wait_for(OFTEN, "SUCCESS")
    wait_for(ENDLESS, "SUCCESS")
    error = wait_for(NO_LIMIT, "FAILURE").error
    assert error is not None and "timeout='10' is not right" in error
    assert state(LATE) == "SCHEDULED"
    scripts().cancel(QUEUE, LATE, "done with")
    assert len(tq.list_tasks()) == 4


def test_fewer_than_no_retries_are_none(start_consumer: StartConsumer) -> None:
    message = tq.default.serialize_task(add()).replace(b'"a":[]', b'"a":1')
    store(ENDLESS, message, "native_add", max_attempts=-2)
    start_consumer("default")
    assert wait_for(ENDLESS, "FAILURE").attempt == 1
