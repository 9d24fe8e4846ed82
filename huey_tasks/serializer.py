"""Tasks and results as JSON, never pickle: a stored value can be read, and runs no code.

JSON has no datetime, timedelta or bytes, and Huey's own values are named tuples; they travel as an
object with one key that starts with `$`. An object of the user's with such a key is wrapped.
"""

import base64
import dataclasses
import datetime as dt
import enum
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn, cast

from huey.exceptions import CancelExecution, TaskException
from huey.registry import Message
from huey.serializer import Serializer
from huey.utils import SKIPPED, Error
from pydantic import BaseModel
from pydantic_core import from_json, to_json, to_jsonable_python

from huey_tasks.values.key_texts import text_keys
from huey_tasks.values.model_values import is_pydantic, values_of
from huey_tasks.values.safe_repr import text_of, type_name, unwrapped


def _refuse(value: object) -> NoReturn:
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


# `json.JSONEncoder.encode` makes this for each call, which takes longer than a small value does:
# no check for cycles, ensure_ascii=False, no indent, separators, no sort_keys, skipkeys, allow_nan.
_write: Callable[[Any, int], Iterable[str]] = json.encoder.c_make_encoder(  # pyright: ignore
    None, _refuse, json.encoder.encode_basestring, None, ":", ",", False, False, False
)


class UnstorableResult(CancelExecution):
    """The task succeeded, but JSON cannot carry its result: a retry would not help."""

    def __init__(self, returned: object, why: Exception) -> None:
        super().__init__(retry=False)
        kind = type_name(type(returned))
        self._text = f"it ran to its end and returned a {kind}, which cannot be stored: {why}"

    def __repr__(self) -> str:
        return self._text

    __str__ = __repr__


_PLAIN = frozenset({str, int, float, bool, type(None)})

#: How the name of a tag begins; text without it holds no tagged value.
_TAG, _TAG_TEXT = b'"$', '"$'


class QueueMessage(NamedTuple):
    """A task as Huey writes it; of one that follows another also its `queue`, and `into`, the
    parameter that takes the result before it (`huey_adapter.follow_ups`)."""

    id: Any = None
    name: Any = None
    eta: Any = None
    retries: Any = None
    retry_delay: Any = None
    priority: Any = None
    args: Any = None
    kwargs: Any = None
    on_complete: Any = None
    on_error: Any = None
    expires: Any = None
    expires_resolved: Any = None
    timeout: Any = None
    chord_config: Any = None
    retry_backoff: Any = None
    queue: str | None = None
    into: str | None = None


#: How a serialised task begins, and what is kept of one.
_MESSAGE, _MESSAGE_FIELDS = '{"$message":', frozenset(QueueMessage._fields)


@dataclass(frozen=True)
class ChordResults:
    """A placeholder in the arguments of a chord's callback for the results of its members."""

    task_ids: tuple[str, ...]


@dataclass(frozen=True)
class NodeResult:
    """A placeholder for what a flow's node returned or, with `or_error`, for its error as text."""

    flow_id: str
    number: int
    name: str
    or_error: bool = False


class WrittenByNewerCode(ValueError):
    """A stored task has a part that this code does not know, and must not run without it."""


class JsonSerializer(Serializer):
    """Huey's serializer seam: bytes in Redis <-> Python values."""

    def _serialize(self, data: Any) -> bytes:
        return dumps(data)

    def _deserialize(self, data: bytes) -> Any:
        return loads(data)


def dumps(value: Any) -> bytes:
    """Encode; raises TypeError for a value that JSON cannot carry, ValueError for NaN, Infinity and
    keys that are the same as text. Objects in it may raise anything."""
    return "".join(_write(_pack(value), 0)).encode("utf-8")


def loads(data: bytes | str) -> Any:
    """Decode what `dumps` made; raises ValueError for anything else."""
    text = data if isinstance(data, str) else data.decode("utf-8")
    if (tags := _tags(text)) == 0:
        return _read(text)
    # A task with plain arguments.
    if tags == 1 and text.startswith(_MESSAGE) and text.endswith("}}"):
        return _message(_read(text[len(_MESSAGE) : -1]))
    return json.loads(text, object_hook=_unpack)


def _read(text: str) -> Any:
    """Parse as json.loads does, four times as fast; json.loads reads what from_json rejects (very
    deep values, half a surrogate pair)."""
    try:
        return from_json(text)
    except ValueError:
        return json.loads(text)


def _tags(data: bytes | str) -> int:
    return data.count(_TAG) if isinstance(data, bytes) else data.count(_TAG_TEXT)


def is_plain(encoded: bytes) -> bool:
    """Return whether what `dumps` made has no tag, so that it is JSON as any reader takes it."""
    return _TAG not in encoded


def without_tags(encoded: bytes) -> bytes:
    """Return what `dumps` made as JSON that a pydantic model reads: ISO 8601, base64, objects."""
    return to_json(loads(encoded), bytes_mode="base64") if _TAG in encoded else encoded


def loads_plain(data: bytes | str) -> Any:
    """Decode what `dumps` made as JSON for people, see `plain`. Text without a tag is that already:
    to copy what it holds would double the time that a web process spends on a large value."""
    value = loads(data)
    if type(value) is QueueMessage:  # its own tag is one
        kwargs = value.kwargs if _tags(data) == 1 else plain(value.kwargs)
        return value._replace(kwargs=kwargs)
    return plain(value) if _tags(data) else value


def plain(value: Any) -> Any:  # noqa: C901 - one case a type
    """Return a decoded value as JSON for people: RFC 3339 times, seconds, base64 bytes."""
    if type(value) in _PLAIN:  # as in `_pack`: a large value would keep a web process for seconds
        return value
    match value:
        case list():  # the most frequent first
            items = cast(list[Any], value)
            return [item if type(item) in _PLAIN else plain(item) for item in items]
        case dict():
            return {str(key): plain(item) for key, item in cast(dict[Any, Any], value).items()}
        case Error():
            return plain(value.metadata)
        case tuple():
            return plain(list(cast(tuple[Any, ...], value)))
        case ChordResults():
            return {"results_of": list(value.task_ids)}
        case NodeResult():
            return {"result_of": value.name}
        case dt.datetime() | dt.date():
            return value.isoformat()
        case dt.timedelta():
            return value.total_seconds()
        case bytes():
            return base64.b64encode(value).decode()
        case BaseException():
            return str(value)
        case _:
            return None if value is SKIPPED else value


def _pack(value: Any) -> Any:
    """Return a value as the writer of JSON takes it; most are plain, objects or lists."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is dict:
        return _pack_object(value)
    if kind is list or kind is tuple:
        return [item if type(item) in _PLAIN else _pack(item) for item in value]
    return _pack_other(value)


def _pack_object(value: dict[Any, Any]) -> Any:
    packed = {key: item if type(item) in _PLAIN else _pack(item) for key, item in value.items()}
    for key in packed:
        if type(key) is not str:
            named, has_equal = text_keys(packed)
            if has_equal:
                raise ValueError("two keys of an object are the same as text")
            return _pack(named)
        if key[:1] == "$":
            return {"$object": list(packed.items())}
    return packed


def _pack_other(value: Any) -> Any:  # noqa: C901 - one case a type
    match value:
        case Message() | QueueMessage():
            return {"$message": {k: _pack(v) for k, v in value._asdict().items() if v is not None}}
        case Error():
            return {"$error": _pack(value.metadata)}
        case ChordResults():
            return {"$chord": list(value.task_ids)}
        case NodeResult():
            return {"$node": [value.flow_id, value.number, value.name, value.or_error]}
        case dict():
            return _pack_object(cast(dict[Any, Any], value))
        case list() | tuple():
            return [_pack(item) for item in cast(list[Any], value)]
        case dt.datetime():
            return {"$datetime": value.isoformat()}
        case dt.date():
            return {"$date": value.isoformat()}
        case dt.timedelta():
            return {"$timedelta": value.total_seconds()}
        case bytes():
            return {"$bytes": base64.b64encode(value).decode()}
        case BaseException():
            error = unwrapped(value)
            return {"$exception": [type_name(type(error)), text_of(error)]}
        case enum.Enum():
            return _pack(value.value)
        case BaseModel():
            return _pack(values_of(value))
        case Iterator():
            raise TypeError("only the code that stores a result reads an iterator")
        case None | bool() | int() | float() | str():
            return value
        case _:
            if dataclasses.is_dataclass(value) and not isinstance(value, type):
                return _pack(values_of(value) if is_pydantic(value) else fields_of(value))
            # pydantic knows UUID, Decimal, sets and more; the rest it refuses.
            if value is SKIPPED:
                return {"$skipped": 1}
            return to_jsonable_python(value, bytes_mode="base64", inf_nan_mode="constants")


def fields_of(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass instance."""
    return {
        field.name: getattr(value, field.name)
        for field in dataclasses.fields(value)
        if hasattr(value, field.name)
    }


def _unpack(value: dict[str, Any]) -> Any:  # noqa: C901 - one case a tag
    if len(value) != 1:
        return value
    ((tag, content),) = value.items()
    match tag:
        case "$message":
            return _message(content)
        case "$chord":
            return ChordResults(tuple(content))
        case "$node":
            return NodeResult(*content)
        case "$error":
            return Error(content)
        case "$object":
            return dict(content)
        case "$datetime":
            return dt.datetime.fromisoformat(content)
        case "$date":
            return dt.date.fromisoformat(content)
        case "$timedelta":
            return dt.timedelta(seconds=content)
        case "$bytes":
            return base64.b64decode(content)
        case "$exception":
            error = f"{content[0]}: {content[1]}"
            return TaskException({"error": error}, error)  # the second is what repr() shows
        case "$skipped":
            return SKIPPED
        case _:
            return value


def _message(content: dict[str, Any]) -> Any:
    if not content.keys() <= _MESSAGE_FIELDS:
        unknown = ", ".join(sorted(content.keys() - _MESSAGE_FIELDS))
        raise WrittenByNewerCode(f"what '{unknown}' of a task means is not known here")
    # Huey extends the positional arguments of a follow-up task, so they must be a tuple.
    # An object says how many of the named arguments were positional (`argument_names.by_name`).
    args = content.get("args")
    content["args"] = args if type(args) is dict else tuple(args or ())
    content["kwargs"] = content.get("kwargs") or {}
    return QueueMessage(**content)
