"""What the fields of a task's hash mean: texts out of Redis as values. Asks Redis nothing."""

import datetime as dt
import json
from collections.abc import Callable, Iterable
from typing import Any, Generic, NamedTuple, Self, TypeVar, cast

from huey_tasks import serializer
from huey_tasks.broker.protocol import whole
from huey_tasks.broker.states import TaskState

T = TypeVar("T")


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
    "cause", "priority", "message",
)  # fmt: skip

#: What an explanation reads of a task.
EXPLAINED = (
    "state", "type", "attempt", "due_at", "token", "started_at", "finished_at", "reason",
    "attempts", "blocked_on", "place", "losses", "host",
)  # fmt: skip

#: What an event says of its task, as it was then. New names go to the end.
EVENT_TASK = (
    "type", "tags", "state", "attempt", "max_attempts", "token", "stopping", "outcome", "due_at",
    "blocked_on", "reason", "flow", "started_at",
)  # fmt: skip


def from_ms(text: str | float) -> dt.datetime:
    """Return a time in milliseconds since the epoch."""
    return from_seconds(float(text) / 1000)


def from_seconds(seconds: float) -> dt.datetime:
    """Return a time in seconds since the epoch; one that no calendar has is _LAST."""
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return _LAST


#: A day before the last one, since zones move a time.
_LAST = dt.datetime(9999, 12, 30, tzinfo=dt.UTC)


def worker_of(token: str | None) -> str | None:
    """Return the worker of a token, which is worker/incarnation/step."""
    return token.rsplit("/", 2)[0] if token else None


def payload_of(message: str) -> dict[str, Any]:
    """Return the keyword arguments of a stored task; {} for an unreadable message."""
    try:
        return cast(dict[str, Any], serializer.loads_plain(message).kwargs)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}


def as_text(value: Any) -> str:
    """Return a value of a payload as a search writes it."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Hash:
    """A hash of Redis: its fields by name, as values. KeyError for one that has to be there."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    @classmethod
    def of(cls, found: dict[bytes, bytes]) -> Self:
        """All the fields, as HGETALL gives them."""
        return cls({k.decode(): v.decode("utf-8", "replace") for k, v in found.items()})

    @classmethod
    def of_reply(cls, names: Iterable[str], values: Iterable[bytes | None]) -> Self:
        """Return the fields that are set, of the names that HMGET read."""
        pairs = zip(names, values, strict=True)
        return cls({n: v.decode("utf-8", "replace") for n, v in pairs if v is not None})

    def __bool__(self) -> bool:
        return bool(self._texts)

    def __contains__(self, name: str) -> bool:
        return name in self._texts

    def __getitem__(self, name: str) -> str:
        return self._texts[name]

    def get(self, name: str) -> str | None:
        """Return a text, None if it is not set."""
        return self._texts.get(name)

    def number(self, name: str) -> int:
        """Return a whole number, 0 if it is not set."""
        return whole(self._texts.get(name, 0))

    def time(self, name: str) -> dt.datetime | None:
        """Return a time, None if it is not set."""
        return from_ms(self._texts[name]) if name in self._texts else None

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags; they are kept as `,one,two,`."""
        return tuple(tag for tag in self._texts.get("tags", "").split(",") if tag)


class _Field(Generic[T]):
    """A field as an attribute of the same name; `read` says what its text means."""

    def __init__(self, read: Callable[[Hash, str], T]) -> None:
        self._read = read

    def __set_name__(self, owner: type[Hash], name: str) -> None:
        self._name = name

    def __get__(self, found: Hash, owner: type[Hash] | None = None) -> T:
        return self._read(found, self._name)


class TaskHash(Hash):
    """What Redis keeps of a task, or those of its fields that were asked for."""

    type = _Field(Hash.__getitem__)
    message = _Field(Hash.__getitem__)
    priority = _Field(Hash.number)  # within its queue
    crashes = _Field(Hash.number)
    losses = _Field(Hash.number)
    queued_at = _Field(Hash.time)
    started_at = _Field(Hash.time)
    finished_at = _Field(Hash.time)
    due_at = _Field(Hash.time)
    token = _Field(Hash.get)  # of the attempt that holds it, or ended it with an outcome
    stopping = _Field(Hash.get)  # the token of one that was cancelled while it ran
    blob = _Field(Hash.get)  # the outcome that ended it, if it is small
    reason = _Field(Hash.get)  # why it is in its state
    blocked_on = _Field(Hash.get)  # what it waits for besides a worker, see keys.blocked
    retry_of = _Field(Hash.get)
    retried_as = _Field(Hash.get)
    gate = _Field(Hash.get)  # the task that follows when it and others have ended
    cause = _Field(Hash.get)
    schedule = _Field(Hash.get)
    submitted_by = _Field(Hash.get)
    host = _Field(Hash.get)  # of a function: what its workers run

    @property
    def flow_id(self) -> str | None:
        """Of a node of a flow: the flow; its `flow` is the id and the number of the node."""
        return (self.get("flow") or "").partition(" ")[0] or None

    @property
    def state(self) -> TaskState:
        """The state of the task."""
        return TaskState(self["state"])

    @property
    def outcome(self) -> str | None:
        """The token of the attempt whose outcome it has: the one that ended it, or one before."""
        return (self.state.terminal and self.token) or self.get("outcome")

    @property
    def submitted_at(self) -> dt.datetime:
        """When it was submitted."""
        return from_ms(self["submitted_at"])

    @property
    def updated_at(self) -> dt.datetime:
        """When somebody last changed it; at first when it was submitted."""
        return self.time("updated_at") or self.submitted_at

    @property
    def max_attempts(self) -> int:
        """How many of its attempts may count; of one attempt nothing is stored."""
        return self.number("max_attempts") or 1

    @property
    def attempt(self) -> int:
        """How many of its attempts count: the first claim stores nothing but `started_at`."""
        return self._claimed("attempt")

    @property
    def deliveries(self) -> int:
        """How often it was claimed."""
        return self._claimed("deliveries")

    def _claimed(self, name: str) -> int:
        return self.number(name) if name in self else int("started_at" in self)

    @property
    def retries_left(self) -> int:
        """How many attempts may follow the last one that began."""
        return self.max_attempts - self.attempt

    @property
    def payload(self) -> dict[str, Any]:
        """The keyword arguments of its message."""
        return payload_of(self.message)

    @property
    def progress(self) -> dict[str, Any] | None:
        """How far its last attempt was: `fraction` and `text`."""
        return json.loads(self["progress"]) if self.get("progress") else None

    @property
    def worker(self) -> str | None:
        """The worker that runs it, or ran it last."""
        return worker_of(self.token or self.stopping or self.outcome)

    @property
    def stop_confirmed(self) -> bool | None:
        """Of a task that was cancelled while it ran: whether its worker is free."""
        return None if self.stopping is None else "stopped_at" in self

    @property
    def attempts(self) -> list[AttemptLine]:
        """The attempts that it has kept, the oldest first."""
        lines = (self.get("attempts") or "").split("\n")
        return [AttemptLine(*json.loads(line)) for line in lines if line]

    @property
    def invocation(self) -> dict[str, Any] | None:
        """Of a function: what its caller said beside the event."""
        return json.loads(self["invocation"]) if self.get("invocation") else None

    @property
    def receipts(self) -> dict[int, dict[str, Any]]:
        """Of a function: what its last attempts have used, by their numbers."""
        lines = (self.get("receipts") or "").split("\n")
        found = [cast(dict[str, Any], json.loads(line)) for line in lines if line]
        return {int(receipt.pop("attempt")): receipt for receipt in found}

    @property
    def last_error(self) -> str | None:
        """Why the last of the attempts failed that it has kept; None if it has none."""
        line = (self.get("attempts") or "").rsplit("\n", 1)[-1]
        return AttemptLine(*json.loads(line)).error or None if line else None
