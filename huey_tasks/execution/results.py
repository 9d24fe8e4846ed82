"""A result that JSON cannot carry is stored as a readable substitute: finished work is not lost.

What was replaced is a note, which is stored and shown with the result. Why so: docs/adr/0019.
"""

import dataclasses
import functools
import io
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, ValuesView
from collections.abc import Set as AbstractSet
from typing import Any, cast

from huey.exceptions import CancelExecution, TaskTimeout

from huey_tasks import serializer
from huey_tasks.execution.running import current_attempt
from huey_tasks.values.key_texts import text_keys
from huey_tasks.values.model_values import is_pydantic, values_of
from huey_tasks.values.safe_repr import type_name

#: Levels of nesting that are kept, and characters of what stands for an object.
DEPTH, OBJECT_CHARS = 50, 200

#: Types that are named in a note, at most.
NAMED_TYPES = 5

#: Raised inside a running task to stop it: no code here may keep them.
_STOPS = (TaskTimeout, CancelExecution)


class _Late(Exception):
    """An iterator in a result has raised: the task's own code, which a result runs late."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def keep(returned: Any, most_bytes: float) -> Any:
    """Encode for its attempt what a task has returned, as long as its own code may run.

    Returns the result as it is stored. Raises UnstorableResult for one of more bytes, and as
    `encode` does.
    """
    returned, encoded = encode(returned)
    if len(encoded) > most_bytes:
        too_large = f"it has {len(encoded)} bytes, RESULT_MAX_BYTES is {most_bytes}"
        raise serializer.UnstorableResult(returned, ValueError(too_large))
    if (attempt := current_attempt.get()) is not None:
        attempt.returned(returned, encoded)
    return returned


def keeps(function: Callable[..., Any]) -> bool:
    """Return whether a function keeps itself what it returns: one of `@task`, or of a folder."""
    return getattr(function, "keeps_result", False)


def kept(function: Callable[..., Any], most_bytes: float) -> Callable[..., Any]:
    """Return a function whose last step is `keep`."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        return keep(function(*args, **kwargs), most_bytes)

    return run


def encode(returned: Any) -> tuple[Any, bytes]:
    """Return the result as it is stored, and the encoded outcome, which has the note if any.

    Raises what an iterator in the result raises: that is the task's own error.
    """
    try:
        return returned, b'{"result":%b}' % serializer.dumps(returned)
    except _STOPS:
        raise
    except Exception:  # not only what `dumps` raises: objects run code of their own
        return _replaced(returned)


def _replaced(returned: Any) -> tuple[Any, bytes]:
    substitute = _Substitute()
    try:
        plain = substitute.of(returned, ())
    except _Late as late:
        raise late.error from None
    note = substitute.note()
    outcome = {"result": plain, "note": note} if note else {"result": plain}
    return plain, serializer.dumps(outcome)


class _Substitute:
    def __init__(self) -> None:
        self._notes: dict[str, None] = {}
        self._described: dict[str, None] = {}

    def note(self) -> str:
        """What was replaced, as sentences without a full stop; "" for nothing."""
        notes = list(self._notes)
        if self._described:
            named = list(self._described)[:NAMED_TYPES]
            more = ["others"] if len(self._described) > NAMED_TYPES else []
            notes.append(f"described, because JSON cannot carry it: {', '.join(named + more)}")
        return "; ".join(notes)

    def of(self, value: Any, above: tuple[int, ...]) -> Any:
        """Return what stands for a value inside of those above it."""
        if id(value) in above or len(above) >= DEPTH:
            self._say("what contains itself, or is nested too deep, is cut")
            return "[...]"
        try:
            return self._of(value, (*above, id(value)))
        except (*_STOPS, _Late):
            raise
        except Exception:  # the value's own code may raise anything
            return self._object(value)

    def _of(self, value: Any, inside: tuple[int, ...]) -> Any:
        match value:
            case float() if not math.isfinite(value):
                self._say("NaN and Infinity are null")
                return None
            case int() if not isinstance(value, bool) and value.bit_length() > _INT_BITS:
                self._say("integers of thousands of digits are hexadecimal")
                return hex(value)
            case str():
                return self._text(value)
            case Mapping():
                return self._mapping(cast(Mapping[Any, Any], value), inside)
            case _ if is_pydantic(value):
                return self._instance(value, values_of, inside)
            case list() | AbstractSet() | deque() | ValuesView():
                return [self.of(item, inside) for item in cast(Iterable[Any], value)]
            case tuple():
                return tuple(self.of(item, inside) for item in cast(Iterable[Any], value))
            case Iterator() if not isinstance(value, io.IOBase):
                return [self.of(item, inside) for item in _read(cast(Iterator[Any], value))]
            case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
                return self._instance(value, serializer.fields_of, inside)
            case _:
                # As it is read back, so that a following task of a pipeline gets the same.
                return serializer.loads(serializer.dumps(value))

    def _mapping(self, value: Mapping[Any, Any], inside: tuple[int, ...]) -> dict[str, Any]:
        named, met = text_keys(dict(value.items()))
        if met:
            self._say("keys that are the same as text name their types")
        return {self._text(name): self.of(item, inside) for name, item in named.items()}

    def _instance(self, value: Any, read: Callable[[Any], Any], inside: tuple[int, ...]) -> Any:
        try:
            values = read(value)
        except _STOPS:
            raise
        except Exception:  # a serializer of its author's
            self._say(f"a serializer of {type_name(type(value))} failed, its fields are shown")
            values = dict(vars(value))
        return self.of(values, inside)

    def _say(self, note: str) -> None:
        self._notes[note] = None

    def _text(self, text: str) -> str:
        clean = text.encode("utf-8", "backslashreplace").decode()
        if clean != text:
            self._say("halves of surrogate pairs are escaped")
        return clean

    def _object(self, value: Any) -> str:
        kind = self._text(type_name(type(value)))[:OBJECT_CHARS]
        self._described[kind] = None
        try:
            return self._text("".join((repr(value)[:OBJECT_CHARS],)))
        except _STOPS:
            raise
        except Exception:  # as above
            return f"<{kind}>"


#: Python writes no integer of more than 4,300 decimal digits.
_INT_BITS = 14_000


def _read(items: Iterator[Any]) -> Iterator[Any]:
    try:
        yield from items
    except Exception as error:
        raise _Late(error) from error
