"""One operation as the audit trail records it: its author, action, reason and time to undo it.

Owns the actions and the form in which scripts read an operation. Does not know Redis.
"""

import datetime as dt
import json
import re
import secrets
from dataclasses import dataclass
from enum import StrEnum

#: Milliseconds within which a purge or a delete can be undone.
UNDO_MS = 600_000

#: Milliseconds within which further pieces of an operation are accepted.
GOES_ON_MS = 24 * 3_600_000

#: An id: its start in hexadecimal µs since the epoch, so that ids sort by time; random digits.
OPERATION_ID = re.compile(r"[0-9a-f]{14}-[0-9a-f]{16}")


class Action(StrEnum):
    """The kinds of operation."""

    CANCEL = "cancel"  # tasks that are not terminal become REVOKED
    RETRY = "retry"  # copies of tasks that ended without success are submitted
    REQUEUE = "requeue"  # SCHEDULED and RETRY tasks become PENDING now
    CHANGE = "change"  # a waiting task gets another payload, time, priority or tags
    DELETE = "delete"  # finished tasks leave all lists
    PAUSE = "pause"  # a queue starts no tasks
    RESUME = "resume"  # a queue accepts and starts tasks again
    DRAIN = "drain"  # a queue accepts no tasks from callers
    PURGE = "purge"  # all PENDING tasks of a queue become REVOKED
    UNDO = "undo"  # a purge or a delete is undone
    RETRY_GROUP = "retry_group"  # the tasks of a failure group are retried
    LIMIT = "limit"  # the limits of a task type are set or taken away
    SCHEDULE_CREATE = "schedule_create"  # a schedule is created
    SCHEDULE_UPDATE = (
        "schedule_update"  # its payload, trigger or other fields change, or it is paused
    )
    SCHEDULE_DELETE = "schedule_delete"  # a schedule is removed; its tasks stay
    SCHEDULE_RUN = "schedule_run"  # a schedule submits a task now, besides its due times
    WEBHOOK_CREATE = "webhook_create"  # a webhook is created
    WEBHOOK_UPDATE = "webhook_update"  # its fields change, or it gets a new secret
    WEBHOOK_DELETE = "webhook_delete"  # a webhook is removed; what it has not delivered is not
    WEBHOOK_REPLAY = "webhook_replay"  # a delivery is sent again
    WEBHOOK_TEST = "webhook_test"  # a sample event is sent
    KEY_CREATE = "key_create"  # an API key is made
    KEY_REVOKE = "key_revoke"  # an API key is taken back
    FUNCTION_CHANGE = "function_change"  # settings of a function are set, or taken away
    FLOW_CANCEL = "flow_cancel"  # no node of a flow starts any more, and its tasks are cancelled
    FLOW_RETRY = "flow_retry"  # nodes of an ended flow run again

    @property
    def undoable(self) -> bool:
        """Whether the action can be undone."""
        return self in (self.PURGE, self.DELETE)

    @property
    def of_queues(self) -> bool:
        """Whether what it changes is in queues; the others are recorded in one of them, too."""
        outside = ("key_", "flow_", "function_", "webhook_")
        return self != self.LIMIT and not self.startswith(outside)


@dataclass(frozen=True)
class Operator:
    """The author of an operation, and the reason; `who` names a person, a program or an API key.

    `key_id`: of the API key, "" without one.
    """

    who: str
    why: str = ""
    key_id: str = ""


def cancelled(why: str) -> str:
    """Return the reason that a cancelled task keeps."""
    return f"cancelled: {why}" if why else "cancelled"


@dataclass(frozen=True)
class Operation:
    """One operation, which may run in pieces. `target`: the task, search or schedule it changes."""

    id: str
    action: Action
    who: str
    why: str
    target: str
    undo_ms: int
    key_id: str = ""

    @classmethod
    def begin(cls, now_us: int, action: Action, by: Operator, target: str) -> "Operation":
        """Return a new operation that begins at that time."""
        operation_id = f"{now_us:014x}-{secrets.token_hex(8)}"
        return cls.going_on(operation_id, action, by, target)

    @classmethod
    def going_on(cls, id: str, action: Action, by: Operator, target: str) -> "Operation":
        """Return an operation that began before, to continue it."""
        undo_ms = UNDO_MS if action.undoable else 0
        return cls(id, action, by.who, by.why, target, undo_ms, by.key_id)

    @property
    def undo_until(self) -> dt.datetime | None:
        """Until when it can be undone; None if it cannot."""
        return undo_until(self.id, self.undo_ms)

    def as_argument(self) -> str:
        """Return the operation as scripts read it, in JSON."""
        fields = {
            "id": self.id,
            "action": self.action,
            "who": self.who,
            "why": self.why,
            "target": self.target,
            "undo_ms": self.undo_ms,
            "key_id": self.key_id,
        }
        # Redis scripts cannot parse half a surrogate pair, which a name may contain.
        return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace").decode()


def begun_ms(operation_id: str) -> int:
    """Return when an operation began, in ms since the epoch."""
    return int(operation_id[:14], 16) // 1000


def undo_until(operation_id: str, undo_ms: int) -> dt.datetime | None:
    """Return until when an operation can be undone; None if it never could."""
    ends_ms = begun_ms(operation_id) + undo_ms
    return dt.datetime.fromtimestamp(ends_ms / 1000, dt.UTC) if undo_ms else None
