"""A finished task never fails for its result: what JSON cannot carry has a readable substitute."""

import asyncio
import dataclasses
import enum
import json
import socket
import uuid
from typing import Any

import pytest
from pydantic import BaseModel

from huey_tasks import results
from huey_tasks.attempt import _Body  # pyright: ignore[reportPrivateUsage]
from huey_tasks.causes import cause_of
from huey_tasks.safe_repr import TaskRaised, repr_of, traceback_of
from huey_tasks.serializer import loads, plain


@dataclasses.dataclass
class Row:
    data: Any


class Model(BaseModel):
    data: bytes


class Colour(enum.Enum):
    RED = "red"


def _shown(value: Any) -> Any:
    return plain(loads(results.encode(value)[1]))["result"]


def test_bytes_are_base64_wherever_they_stand() -> None:
    rows = [Row(b"\xff"), Model(data=b"\xff"), {"a": (b"\xff",)}, Row(Model(data=b"a"))]
    assert _shown(rows) == [
        {"data": "/w=="}, {"data": "/w=="}, {"a": ["/w=="]}, {"data": {"data": "YQ=="}},
    ]  # fmt: skip


def test_keys_that_meet_or_are_no_text_are_kept() -> None:
    one = uuid.UUID(int=1)
    assert _shown({1: "a", "1": "b"}) == {"1": "b", "1 (int)": "a"}
    assert _shown({Colour.RED: 1, one: 2, (1, "x"): 3, None: 4, b"\xff": 5}) == {
        "red": 1, str(one): 2, "1, x": 3, "null": 4, "/w==": 5,
    }  # fmt: skip


def test_what_cannot_be_stored_has_a_substitute_and_a_note() -> None:
    circle: list[Any] = [1]
    circle.append(circle)
    with socket.socket() as unstorable:
        for value in (float("nan"), [float("inf")], "\ud800", circle, unstorable, {1, "a", (2,)}):
            stored, encoded, _ = results.encode(value)
            json.loads(encoded)
            assert _shown(stored) == _shown(value)
    assert results.encode(float("nan"))[::2] == (None, "NaN and Infinity are null")
    assert _shown(circle) == [1, "[...]"]


def test_an_error_in_rows_that_are_read_late_is_the_tasks_own() -> None:
    def rows() -> Any:
        yield 1
        raise KeyError("late")

    assert _shown(n for n in range(3)) == [0, 1, 2]
    with pytest.raises(KeyError, match="late"):
        results.encode(rows())


@pytest.mark.parametrize("kind", [asyncio.CancelledError, GeneratorExit, SystemExit])
def test_what_is_no_exception_is_carried_as_one(kind: type[BaseException]) -> None:
    class Quiet:
        def enter(self, phase: object) -> None: ...

    with pytest.raises(TaskRaised) as carried, _Body(Quiet(), None):  # pyright: ignore
        raise kind
    assert cause_of(carried.value.raised).error_type.endswith(kind.__name__)


def test_an_exception_without_repr_or_str_has_its_type() -> None:
    class Bad(Exception):
        def __repr__(self) -> str:
            raise RuntimeError

        __str__ = __repr__

    assert repr_of(Bad()).endswith("Bad('')") and "Bad" in traceback_of(Bad())
    assert cause_of(Bad()).error_type.endswith("Bad")
