"""What the fields of a task's hash mean: texts out of Redis as values. Asks Redis nothing."""

import datetime as dt
import json
from typing import Any, NamedTuple, cast

from huey_tasks import serializer


class AttemptLine(NamedTuple):
    """An attempt that failed or was lost, as the task keeps it; times in ms since the epoch."""

    attempt: int
    state: str
    started_ms: float
    ended_ms: float
    token: str
    error: str


#: What a row of a table reads of a task; the message, which may be large, comes last.
ROW = (
    "state", "type", "attempt", "max_attempts", "deliveries", "crashes", "losses", "progress",
    "submitted_at", "queued_at", "started_at", "finished_at", "due_at", "token", "stopping",
    "stopped_at", "outcome", "reason", "attempts", "retry_of", "retried_as", "tags", "gate",
    "cause", "message",
)  # fmt: skip

#: What an explanation reads of a task.
EXPLAINED = (
    "state", "type", "attempt", "due_at", "token", "started_at", "finished_at", "reason",
    "attempts", "blocked_on", "place", "losses",
)  # fmt: skip


def texts(fields: dict[bytes, bytes]) -> dict[str, str]:
    """The fields as texts."""
    return {k.decode(): v.decode("utf-8", "replace") for k, v in fields.items()}


def from_ms(text: str | float) -> dt.datetime:
    """A time in milliseconds since the epoch."""
    return from_seconds(float(text) / 1000)


def from_seconds(seconds: float) -> dt.datetime:
    """A time in seconds since the epoch."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def time_of(f: dict[str, str], name: str) -> dt.datetime | None:
    """The time in a field, None if it is not set."""
    return from_ms(f[name]) if name in f else None


def worker_of(token: str | None) -> str | None:
    """The worker that a token was given to: it is its name, its incarnation, its step."""
    return token.rsplit("/", 2)[0] if token else None


def worker_name(f: dict[str, str]) -> str | None:
    """Who runs a task, or ran it last."""
    return worker_of(f.get("token") or f.get("stopping") or f.get("outcome"))


def payload_of(message: str) -> dict[str, Any]:
    """The keyword arguments of a stored task; an unreadable message has none to show."""
    try:
        stored = serializer.loads(message)
        return cast(dict[str, Any], serializer.plain(stored.kwargs))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}


def tags_of(f: dict[str, str]) -> tuple[str, ...]:
    """The tags of a task; they are kept as `,one,two,`."""
    return tuple(tag for tag in f.get("tags", "").split(",") if tag)


def attempt_lines(f: dict[str, str]) -> list[AttemptLine]:
    """The attempts that a task has kept, the oldest first."""
    return [AttemptLine(*json.loads(line)) for line in f.get("attempts", "").split("\n") if line]


def last_error(f: dict[str, str]) -> str | None:
    """Why the last of the attempts failed that a task has kept; None if it has none."""
    lines = f.get("attempts", "").rsplit("\n", 1)
    return AttemptLine(*json.loads(lines[-1])).error or None if lines[-1] else None


def as_text(value: Any) -> str:
    """A value of a payload as one writes it in a search."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
