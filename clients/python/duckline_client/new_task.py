"""What a caller says of a task, and how it is written as JSON."""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypedDict

#: A chunk of `submit_many` ends at this size; the service takes 16 MiB.
_CHUNK_BYTES = 4 * 2**20


class Options(TypedDict, total=False):
    """Options of one submit; each may be left out."""

    queue: str  #: another queue than the one of its type
    delay_s: float  #: it may start in so many seconds, at most a year
    run_at: datetime  #: it may start at that time, which has a time zone
    expires_in_s: float  #: it must start within so many seconds, or it ends as EXPIRED
    tags: Sequence[str]
    queue_priority: int  #: from -100 to 100: within its queue a task of a higher one starts first
    unique_for_s: float  #: while one like it has not ended, no other is stored
    unique_key: str  #: what makes it unique; else its payload
    webhook_url: str  #: where its end is posted


#: The option's name in the API.
_FIELDS = {
    "queue": "priority",
    "delay_s": "delay",
    "run_at": "run_at",
    "expires_in_s": "expires_in",
    "tags": "tags",
    "queue_priority": "queue_priority",
    "unique_for_s": "unique_for",
    "unique_key": "unique_key",
    "webhook_url": "webhook_url",
    "payload": "payload",
    "if_updated_at": "if_updated_at",
    "reason": "reason",
}


@dataclass(frozen=True)
class NewTask:
    """One task of `submit_many`."""

    task_type: str
    payload: Mapping[str, Any]
    options: Options | None = None

    def encode(self) -> bytes:
        """Write it as the service reads it."""
        named = {"task_type": self.task_type, "payload": self.payload}
        return encode(named | fields(self.options or {}))


def fields(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give options their names in the API; raises TypeError for one that there is not."""
    unknown = sorted(options.keys() - _FIELDS.keys())
    if unknown:
        raise TypeError(f"no option is named {', '.join(unknown)}")
    return {_FIELDS[name]: value for name, value in options.items() if value is not None}


def encode(body: Mapping[str, Any]) -> bytes:
    """Write JSON; raises TypeError or ValueError for what JSON cannot represent."""
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, default=_plain)
    return text.encode()


def chunks(tasks: Iterable[NewTask], size: int) -> Iterator[list[bytes]]:
    """Split tasks into lists that fit into one request."""
    chunk, length = list[bytes](), 0
    for one in tasks:
        line = one.encode()
        if chunk and (len(chunk) >= size or length + len(line) > _CHUNK_BYTES):
            yield chunk
            chunk, length = [], 0
        chunk.append(line)
        length += len(line)
    if chunk:
        yield chunk


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {**value}
    raise TypeError(f"JSON has no {type(value).__name__}")
