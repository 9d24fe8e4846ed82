"""A result that JSON cannot carry is stored as a readable substitute: finished work is not lost."""

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from pydantic import BaseModel

from huey_tasks import serializer

#: Levels of nesting that are kept, and characters of what stands for an object.
DEPTH, OBJECT_CHARS = 50, 200


def encode(returned: Any) -> tuple[Any, bytes, str]:
    """Return the result as it is stored, the encoded outcome, and what was replaced ("": nothing).

    Raises what an iterator in the result raises: that is the task's own error.
    """
    try:
        encoded = serializer.dumps({"result": returned})
        return returned, encoded, ""
    except (TypeError, ValueError, RecursionError):
        substitute = _Substitute()
        plain = substitute.of(returned, ())
        note = "; ".join(sorted(substitute.notes))
        return plain, serializer.dumps({"result": plain}), note


class _Substitute:
    def __init__(self) -> None:
        self.notes: set[str] = set()

    def of(self, value: Any, above: tuple[int, ...]) -> Any:
        if id(value) in above or len(above) >= DEPTH:
            self.notes.add("what contains itself or is nested too deep is cut")
            return "[...]"
        inside = (*above, id(value))
        match value:
            case float() if not math.isfinite(value):
                self.notes.add("NaN and Infinity are null")
                return None
            case str():
                return self._text(value)
            case Mapping():
                found = cast(Mapping[Any, Any], value)
                return {
                    self._text(name): self.of(item, inside)
                    for name, item in serializer.text_keys(dict(found.items())).items()
                }
            case BaseModel():
                return self.of(dict(value), inside)
            case list() | tuple() | set() | frozenset() | Iterator():
                return [self.of(item, inside) for item in cast(Iterable[Any], value)]
            case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
                return self.of(serializer.fields_of(value), inside)
            case _:
                return self._object(value)

    def _text(self, text: str) -> str:
        clean = text.encode("utf-8", "backslashreplace").decode()
        if clean != text:
            self.notes.add("halves of surrogate pairs are escaped")
        return clean

    def _object(self, value: Any) -> Any:
        try:
            return serializer.loads(serializer.dumps(value))
        except Exception:  # the object's own code may raise anything
            kind = type(value).__name__
            self.notes.add(f"a {kind} is described, it cannot be stored")
        try:
            return self._text(repr(value)[:OBJECT_CHARS])
        except Exception:  # as above
            return f"<{kind}>"
