"""What an operator does, as the audit trail remembers it: who, what, why, and how it is undone.

Knows the words and the form in which scripts take them, and nothing of Redis.
"""

import datetime as dt
import json
import re
import secrets
from dataclasses import dataclass
from enum import StrEnum

#: Milliseconds in which what was purged or deleted can be had back.
UNDO_MS = 600_000

#: Milliseconds in which an operation may go on, piece by piece.
GOES_ON_MS = 24 * 3_600_000

#: An id: when it began, in hexadecimal µs since the epoch, so that ids sort by time; and chance.
OPERATION_ID = re.compile(r"[0-9a-f]{14}-[0-9a-f]{16}")


class Action(StrEnum):
    """What operators do."""

    CANCEL = "cancel"  # tasks that have not ended are revoked
    RETRY = "retry"  # tasks that ended without success are submitted anew
    REQUEUE = "requeue"  # tasks that wait for their time go to their queue now
    DELETE = "delete"  # ended tasks are taken out of every list
    PAUSE = "pause"  # a queue gives out no tasks
    RESUME = "resume"  # a queue flows again
    DRAIN = "drain"  # a queue takes no tasks from outside
    PURGE = "purge"  # all that waits in a queue is revoked
    UNDO = "undo"  # a purge or a delete is undone
    RETRY_GROUP = "retry_group"  # failures of one cause are submitted anew
    SCHEDULE_CREATE = "schedule_create"  # a schedule submits a task again and again from now on
    SCHEDULE_UPDATE = "schedule_update"  # what it submits or when is changed, or it is paused
    SCHEDULE_DELETE = "schedule_delete"  # it is gone; the tasks that it made stay
    SCHEDULE_RUN = "schedule_run"  # it submits a task now, apart from its plan

    @property
    def undoable(self) -> bool:
        """Whether it can be undone."""
        return self in (self.PURGE, self.DELETE)


@dataclass(frozen=True)
class Operator:
    """Who does something, and why: `who` is a name, or what stands for one."""

    who: str
    why: str = ""


def cancelled(why: str) -> str:
    """What a cancelled task gives as its reason."""
    return f"cancelled: {why}" if why else "cancelled"


@dataclass(frozen=True)
class Operation:
    """One wish of an operator, which may be done in pieces. `target` says what it is about."""

    id: str
    action: Action
    who: str
    why: str
    target: str
    undo_ms: int

    @classmethod
    def begin(cls, now_us: int, action: Action, by: Operator, target: str) -> "Operation":
        """A new operation, begun at that time."""
        operation_id = f"{now_us:014x}-{secrets.token_hex(8)}"
        return cls.going_on(operation_id, action, by, target)

    @classmethod
    def going_on(cls, id: str, action: Action, by: Operator, target: str) -> "Operation":
        """An operation that has begun before."""
        return cls(id, action, by.who, by.why, target, UNDO_MS if action.undoable else 0)

    @property
    def undo_until(self) -> dt.datetime | None:
        """Until when it can be undone."""
        return undo_until(self.id, self.undo_ms)

    def as_argument(self) -> str:
        """The operation as scripts read it."""
        told = {
            "id": self.id,
            "action": self.action,
            "who": self.who,
            "why": self.why,
            "target": self.target,
            "undo_ms": self.undo_ms,
        }
        # Half a surrogate pair, which a name may hold, would stop a script half way.
        return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace").decode()


def begun_ms(operation_id: str) -> int:
    """When an operation began, in ms since the epoch."""
    return int(operation_id[:14], 16) // 1000


def undo_until(operation_id: str, undo_ms: int) -> dt.datetime | None:
    """Until when an operation can be undone; None if it never could."""
    ends_ms = begun_ms(operation_id) + undo_ms
    return dt.datetime.fromtimestamp(ends_ms / 1000, dt.UTC) if undo_ms else None
