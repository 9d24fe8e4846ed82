"""Task types that end in ways that are no plain exception and no plain JSON."""

import asyncio
import dataclasses
import enum
import io
import math
import sys
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NoReturn

import gevent
import pydantic
from pydantic import BaseModel, ConfigDict, field_serializer

from huey_tasks import current_task, task


class Stop(BaseException):
    """Is no Exception."""


class Unprintable(Exception):
    """Raises whatever is asked of it."""

    def __repr__(self) -> str:
        raise KeyboardInterrupt

    __str__ = __repr__

    @property
    def __notes__(self) -> list[str]:  # type: ignore[override]
        raise MemoryError

    @property
    def __traceback__(self) -> NoReturn:  # type: ignore[override]
        raise OSError


class Liar(type):
    """Gives its classes no name."""

    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise LookupError


class Nameless(Exception, metaclass=Liar):
    """Has a name that only Python itself can read."""


class Silent(Exception):
    """Says nothing at all."""

    def __repr__(self) -> str:
        return ""


class NoText(Exception):
    """Says what is no text."""

    def __repr__(self) -> Any:
        return 7


async def _cancelled() -> None:
    asyncio.get_running_loop().call_soon(asyncio.current_task().cancel)  # type: ignore[union-attr]
    await asyncio.sleep(10)


def _raise(error: BaseException) -> NoReturn:
    raise error


def _deep() -> None:
    _deep()


RAISED: dict[str, Callable[[], object]] = {
    "CancelledError": lambda: asyncio.run(_cancelled()),
    "GeneratorExit": lambda: _raise(GeneratorExit()),
    "SystemExit(3)": lambda: sys.exit(3),
    "KeyboardInterrupt": lambda: _raise(KeyboardInterrupt()),
    "Stop('now')": lambda: _raise(Stop("now")),
    "GreenletExit": lambda: _raise(gevent.GreenletExit()),
    "Timeout": lambda: _raise(gevent.Timeout(1)),
    "BaseExceptionGroup": lambda: _raise(BaseExceptionGroup("2", [Stop(), KeyError("a")])),
    "Unprintable": lambda: _raise(Unprintable()),
    "Nameless": lambda: _raise(Nameless()),
    "Silent": lambda: _raise(Silent()),
    "NoText": lambda: _raise(NoText()),
    "RecursionError": _deep,
    "MemoryError": lambda: _raise(MemoryError()),
    "ValueError('half \\ud800')": lambda: _raise(ValueError("half \ud800")),
}


@task(retries=1, retry_delay=0)
def end_oddly(how: str) -> None:
    """Raise one of `RAISED`."""
    RAISED[how]()


@task(retries=1, retry_delay=0)
def read_rows_late() -> Any:
    """Return a generator that raises when it is read."""

    def rows() -> Iterator[int]:
        yield 1
        raise KeyError("late")

    return {"rows": rows()}


class Colour(enum.Enum):
    """A key."""

    RED = "red"


class Attachment(BaseModel):
    """Holds bytes, and has serializers of its author's."""

    data: bytes = b"\xff\xfe>?"
    name: str = "a"
    size: int = 7

    @field_serializer("name")
    def _loud(self, name: str) -> str:
        return name.upper()

    @field_serializer("size", when_used="json")
    def _in_words(self, size: int) -> str:
        return f"{size} bytes"


class Hexadecimal(BaseModel):
    """Says itself how its bytes are written."""

    model_config = ConfigDict(ser_json_bytes="hex")
    data: bytes = b"\xff"


class Failing(BaseModel):
    """Has a serializer that fails."""

    data: int = 1

    @field_serializer("data")
    def _fail(self, data: int) -> int:
        raise RuntimeError


@dataclasses.dataclass
class Row:
    """Holds anything."""

    data: Any


@pydantic.dataclasses.dataclass
class CheckedRow:
    """Holds bytes."""

    data: bytes


class Hostile:
    """Raises whatever is asked of it."""

    def __repr__(self) -> str:
        raise SystemError


class File(io.StringIO):
    """A file that does not say where in memory it is."""

    def __repr__(self) -> str:
        return "<File>"


def _closed_file() -> dict[str, Any]:
    with File("text") as file:
        return {"file": file}


def _circle() -> list[Any]:
    circle: list[Any] = [1]
    circle.append(circle)
    return circle


#: What a task returns, how it is stored, and what its note contains.
RETURNED: dict[str, tuple[Callable[[], Any], Any, str]] = {
    "bytes in a dataclass": (lambda: Row(b"\xff\xfe>?"), {"data": "//4+Pw=="}, ""),
    "bytes in pydantic's": (lambda: CheckedRow(b"\xff\xfe>?"), {"data": "//4+Pw=="}, ""),
    "a model": (
        lambda: [Attachment(), Row(Attachment())],
        [
            {"data": "//4+Pw==", "name": "A", "size": "7 bytes"},
            {"data": {"data": "//4+Pw==", "name": "A", "size": "7 bytes"}},
        ],
        "",
    ),
    "a model of its own way": (Hexadecimal, {"data": "ff"}, ""),
    "a model that fails": (Failing, {"data": 1}, "a serializer of Failing failed"),
    "NaN in a model": (
        lambda: Row(Attachment.model_construct(size=math.nan)),
        {"data": {"data": "//4+Pw==", "name": "A", "size": "nan bytes"}},
        "",
    ),
    "keys that meet": (
        lambda: {1: "a", "1": "b", None: "c", "null": "d", 2: "e"},
        {"1": "b", "1 (int)": "a", "null": "d", "null (NoneType)": "c", "2": "e"},
        "keys that are the same as text",
    ),
    "other keys": (
        lambda: {Colour.RED: 1, uuid.UUID(int=1): 2, (1, "x"): 3, None: 4, b"\xff": 5},
        {"red": 1, str(uuid.UUID(int=1)): 2, "1, x": 3, "null": 4, "/w==": 5},
        "",
    ),
    "NaN": (lambda: {"mean": [math.nan, -math.inf]}, {"mean": [None, None]}, "NaN and Infinity"),
    "half a pair": (lambda: ["\ud800", {"\udfff": 1}], ["\\ud800", {"\\udfff": 1}], "surrogate"),
    "a circle": (_circle, [1, "[...]"], "contains itself"),
    "a mapping": (lambda: MappingProxyType({"a": (1, {2})}), {"a": [1, [2]]}, ""),
    "a deque of NaN": (lambda: deque([math.nan, b"a"]), [None, "YQ=="], "NaN"),
    "an object": (lambda: {"x": Hostile(), "n": Decimal("1.5")}, {"x": "<Hostile>", "n": "1.5"},
                  "JSON cannot carry it: Hostile"),
    "a closed file": (_closed_file, {"file": "<File>"}, "cannot carry it: File"),
    "late rows": (lambda: (n * n for n in range(3)), [0, 1, 4], ""),
    "a huge integer": (lambda: 1 << 20_000, hex(1 << 20_000), "hexadecimal"),
    "nothing": (lambda: None, None, ""),
}  # fmt: skip


@task()
def return_oddly(how: str) -> Any:
    """Return one of `RETURNED`."""
    return RETURNED[how][0]()


@task()
def report_oddly() -> str:
    """Report progress that is none."""
    for fraction in (Decimal("0.5"), math.nan, "much", None, 7, -1, Decimal("sNaN"), Hostile()):
        current_task.progress(fraction, "half \ud800")  # type: ignore[arg-type]
    return "done"


@task(queue="default")
def ignore_all_that_is_raised() -> None:
    """Go on whatever is raised."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            time.sleep(1)
        except BaseException:  # also the interruption of a consumer that stops
            continue
