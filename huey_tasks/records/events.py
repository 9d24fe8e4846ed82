"""Events: what happened to a task, and the task as it then was. Reads nothing.

An event is parsed when somebody looks at it: of thousands a second most are looked at by nobody.
"""

import datetime as dt
import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from huey_tasks.broker.scripts.events import Entry
from huey_tasks.broker.task_hash import EVENT_TASK, AttemptLine, TaskHash, from_ms, worker_of

#: The kinds of events. `begun` is the first one that was kept; `gone`: the task was withdrawn.
#: `flow`: a flow is in another state; its `task_id` is the flow's, and its `task` says as much as
#: there is to search for.
STATE, ATTEMPT, PROGRESS, LOG, PARTIAL, GONE, FLOW = (
    "state", "attempt", "progress", "log", "partial", "gone", "flow",
)  # fmt: skip

_POSITION = re.compile(r"(\d{1,15})-(\d{1,15})", re.ASCII)


class Position(NamedTuple):
    """The place of an event among all: its time in ms since the epoch, and a number."""

    ms: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Position | None":
        """Return the position that a text is; None if it is none."""
        found = _POSITION.fullmatch(text)
        return cls(int(found[1]), int(found[2])) if found else None

    def __str__(self) -> str:
        return f"{self.ms}-{self.number}"


@dataclass(frozen=True)
class TaskEvent:
    """What happened to a task."""

    position: Position
    kind: str
    queue: str
    task_id: str
    _task: bytes
    _detail: bytes

    @classmethod
    def of(cls, entry: Entry) -> "TaskEvent":
        """Return the event that an entry is."""
        fields = entry.fields
        return cls(
            cls.position_of(entry.id),
            fields[b"kind"].decode(),
            fields[b"queue"].decode(),
            fields[b"id"].decode(),
            fields[b"task"],
            fields[b"detail"],
        )

    @staticmethod
    def position_of(entry_id: str) -> Position:
        """Return the position of an entry; Redis gives it."""
        ms, _, number = entry_id.partition("-")
        return Position(int(ms), int(number))

    @cached_property
    def task(self) -> TaskHash:
        """What is known of the task right after the event: the fields EVENT_TASK."""
        values: list[Any] = json.loads(self._task.decode("utf-8", "replace"))
        # A script of another version may know fewer fields, or more.
        pairs = zip(EVENT_TASK, values, strict=False)
        return TaskHash({name: value for name, value in pairs if value is not False})

    @cached_property
    def detail(self) -> dict[str, Any] | None:
        """What is new, as JSON: an ended attempt, a line, a progress, a partial result."""
        detail = json.loads(self._detail.decode("utf-8", "replace"))
        return _ended_attempt(AttemptLine(*detail)) if self.kind == ATTEMPT else detail

    @property
    def at(self) -> dt.datetime:
        """When it happened, by Redis' clock."""
        return from_ms(self.position.ms)

    @property
    def is_end(self) -> bool:
        """Whether the task has ended with it."""
        return self.kind == GONE or (self.kind == STATE and self.task.state.terminal)


def _ended_attempt(line: AttemptLine) -> dict[str, Any]:
    return {
        "attempt": line.attempt,
        "state": line.state,
        "started_at": from_ms(line.started_ms).isoformat(),
        "ended_at": from_ms(line.ended_ms).isoformat(),
        "worker": worker_of(line.token),
        "error": line.error or None,
    }
