"""What is declared of a task type is checked when it is registered, and refused with its line."""

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Annotated, Any

import pytest
from pydantic import Field

import huey_tasks as tq
from huey_tasks.declaration.options import NAME_BYTES
from huey_tasks.execution.worker_table import WorkerTable
from huey_tasks.registry import types


def noop(n: int = 1) -> int:
    """A function for the options below."""
    return n


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"timeout": "10"}, "write 10, without the quotes"),
    ({"timeout": "ten"}, "a number of seconds"),
    ({"timeout": -1}, "a number of seconds from"),
    ({"timeout": 0}, "leave it out for no limit"),
    ({"timeout": 1e-9}, "a number of seconds from"),
    ({"timeout": math.nan}, "a number"),
    ({"timeout": math.inf}, "a number"),
    ({"timeout": True}, "a number"),
    ({"timeout": dt.timedelta(seconds=3)}, "; write 3"),
    ({"timeout": Decimal(3)}, "a number of seconds"),
    ({"retries": -1}, "a whole number from 0"),
    ({"retries": 1.5}, "a whole number"),
    ({"retries": "3"}, "write 3, without the quotes"),
    ({"retries": None}, "a whole number"),
    ({"retries": False}, "a whole number"),
    ({"retries": 10**9}, "to 1000000"),
    ({"retries": 3, "retry_delay": dt.timedelta(seconds=90)}, "; write 90"),
    ({"retry_delay": -0.1}, "a number of seconds from 0"),
    ({"retry_delay": 10**7}, "to 604800"),
    ({"retry_backoff": -2}, "a number from 0"),
    ({"retry_backoff": [2]}, "a number"),
    ({"retry_backoff": True}, "a number from 0 to 1000; write 2"),
    ({"retry_jitter": True}, "a number from 0 to 1; write 0.5"),
    ({"retry_jitter": 1.5}, "a number from 0 to 1"),
    ({"retry_jitter": -0.1}, "a number from 0 to 1"),
    ({"max_retry_delay": 0}, "a number of seconds"),
    ({"expires": "tomorrow"}, "a number of seconds"),
    ({"expires": -5}, "a number of seconds"),
    ({"queue": "hihg"}, "did you mean 'high'"),
    ({"queue": "HIGH "}, "the queues are high, default, low"),
    ({"queue": "mail"}, "high, default, low; QUEUES=high,default,low,mail:2 adds it"),
    ({"queue": 1}, "the queues are"),
    ({"queue": None}, "the queues are"),
    ({"retrys": 3}, "no option 'retrys'; did you mean 'retries'"),
    ({"time_out": 3}, "did you mean 'timeout'"),
    ({"colour": 3}, "no option 'colour'; it takes queue"),
    ({"name": "n" * (NAME_BYTES + 1)}, "may have 128"),
    ({"name": "é" * 65}, "it has 130 bytes"),
    ({"name": "a/b"}, "letters, digits"),
    ({"name": "a b"}, "letters, digits"),
    ({"name": "a\n"}, "letters, digits"),
    ({"name": "a\x1b[31m"}, "letters, digits"),
    ({"name": "‮evil"}, "letters, digits"),
    ({"name": "-a"}, "begins with"),
    ({"name": ""}, "letters, digits"),
    ({"name": 7}, "takes a text"),
    ({"example": [1]}, "its example must be an object"),
    ({"example": {"n": "many"}}, "its example does not fit: /n"),
    ({"example": {"m": 1}}, "its example does not fit: /m"),
    ({"example": {"n": {1}.__iter__}}, "its example is not JSON"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "said"), WRONG, ids=lambda value: ascii(value)[:40])
def test_a_wrong_option_is_refused_at_once_with_its_line(
    options: dict[str, Any], said: str
) -> None:
    with pytest.raises(tq.InvalidTaskType) as refused:
        tq.task(**options)(noop)
    text = str(refused.value)
    assert text.startswith(f"{__file__}:") and said in text and "\n" not in text
    assert "noop" not in {found.name for found in tq.task_types()}


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": "10"}, {"timeout": -1}, {"timeout": math.nan}, {"retries": "1"},
        {"retry_delay": None}, {"priority": "high"}, {"expires": -1}, {"name": "a b"},
        {"name": "n" * 129}, {"retrys": 1}, {"time_out": 1},
    ],
    ids=str,
)  # fmt: skip
def test_options_of_hueys_own_decorator_are_checked_too(options: dict[str, Any]) -> None:
    with pytest.raises(tq.InvalidTaskType) as refused:
        tq.low.task(**options)(noop)
    assert str(refused.value).startswith(f"{__file__}:")


def test_what_huey_takes_beyond_ours_is_let_through() -> None:
    one = tq.low.task(name="huey_with_more", expires=dt.timedelta(hours=1), colour="red")(noop)
    try:
        assert one.task_class.colour == "red"
    finally:
        one.unregister()


def test_two_functions_of_huey_with_one_name_are_refused_with_both_places() -> None:
    first = tq.low.task(name="huey_twice")(noop)
    try:
        with pytest.raises(tq.InvalidTaskType, match=rf"already, in {__file__}:\d+"):
            tq.low.task(name="huey_twice")(noop)
    finally:
        first.unregister()


def test_right_options_of_every_kind_are_taken() -> None:
    long_name = "a" * NAME_BYTES
    found = tq.task(
        name=long_name, queue="low", retries=3, retry_delay=0, retry_backoff=0, retry_jitter=1,
        max_retry_delay=0.5, timeout=0.001, expires=3.5, example={"n": 2},
    )(noop)  # fmt: skip
    try:
        assert types.get(long_name) is found and found.example == {"n": 2}
    finally:
        _forget(long_name)


def test_the_table_of_workers_keeps_the_longest_name_whole() -> None:
    cell = WorkerTable.create(1).cells[0]
    for name in ("a" * NAME_BYTES, "é" * (NAME_BYTES // 2)):
        cell.hold("id", "token", name, 1)
        held = cell.held()
        assert held is not None and held.task_type == name
        cell.wait_for_redis("it is away")
        cell.request_stop("token", 1)  # type: ignore[arg-type]
        cell.revoke("token")
        assert cell.held() == held and cell.waits_because() == "it is away"


class Custom:
    """A class of which JSON knows nothing."""


def no_hint(x) -> None:  # type: ignore[no-untyped-def]
    """A parameter whose type nobody knows."""


def positional(*args: int) -> None:
    """Arguments without names."""


def any_key(**kwargs: int) -> None:
    """Names that nobody knows."""


def only_positional(n: int, /) -> None:
    """A parameter that has no name for callers."""


def callback(text: str, formatter: Callable[[str], str] = str.upper) -> None:
    """A parameter of which there is no JSON."""


def custom(one: Custom) -> None:
    """A class without a schema."""


def inside(many: dict[str, list[Custom | None]]) -> None:
    """The same deep inside."""


def unknown(one: "NotThere") -> None:  # type: ignore[name-defined] # noqa: F821
    """A hint that names nothing."""


def broken_hint(one: "1 +") -> None:  # type: ignore[valid-type] # noqa: F722
    """A hint that is no expression."""


def field_as_default(n: int = Field(3, ge=1)) -> None:
    """What frameworks for the web read."""


def hidden_default(n: Annotated[int, Field(default=3)]) -> None:
    """A default that the function itself does not have."""


def rows(n: int) -> Any:
    """What has no result."""
    yield n


async def later_rows(n: int) -> Any:
    """Nor has this."""
    yield n


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (no_hint, "parameter 'x' has no type hint"),
        (positional, "cannot be a key of a payload; a decorator below @task needs functools.wraps"),
        (any_key, "cannot be a key of a payload; a decorator"),
        (only_positional, "cannot be a key"),
        (callback, "parameter 'formatter' has a type that JSON cannot carry"),
        (custom, "parameter 'one' has a type that JSON cannot carry"),
        (inside, "parameter 'many' has a type that JSON cannot carry"),
        (unknown, "its hints cannot be read: NameError"),
        (broken_hint, "its hints cannot be read"),
        (field_as_default, "the default of 'n' is pydantic's Field"),
        (hidden_default, "the default of 'n' belongs behind its hint"),
        (rows, "return a list"),
        (later_rows, "return a list"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_signature_that_cannot_be_a_payload_is_refused_with_its_line(
    function: Any, said: str
) -> None:
    with pytest.raises(tq.InvalidTaskType) as refused:
        tq.task(name="bad")(function)
    line = function.__code__.co_firstlineno
    assert str(refused.value).startswith(f"{__file__}:{line}: task type 'bad': ")
    assert said in str(refused.value)


def test_a_class_is_refused_since_a_call_of_it_does_no_work() -> None:
    with pytest.raises(tq.InvalidTaskType, match="a class is no task: write a function"):

        @tq.task
        class Report:
            def run(self) -> None: ...


@pytest.mark.parametrize("what", ["low", 5, partial(noop, 1), lambda: None, len])
def test_what_is_no_function_with_a_name_is_refused(what: Any) -> None:
    with pytest.raises(tq.InvalidTaskType):
        tq.task(what)


def _forget(name: str) -> None:
    for wrapper in types._types.pop(name).wrappers.values():
        wrapper.unregister()
