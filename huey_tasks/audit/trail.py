"""The audit trail: begins operations, which the scripts record, and reads them.

An operation may change several queues; each queue keeps its part, and a reader gets one entry.
"""

import datetime as dt
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from huey_tasks.audit.operation import (
    GOES_ON_MS,
    OPERATION_ID,
    Action,
    Operation,
    Operator,
    begun_ms,
    undo_until,
)
from huey_tasks.broker import task_hash
from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.task_hash import Hash
from huey_tasks.errors import InvalidQuery, OperationOver, Problem
from huey_tasks.records import operations

#: Seconds that one request searches for entries of one action.
BUDGET_S = 0.3

#: Ids that are read at a time, when entries of one action are searched for.
STEP = 500


@dataclass(frozen=True)
class AuditEntry:
    """One operation. `queue` is None when it changed several, or what is in none.

    `count`: tasks changed.
    """

    id: str
    at: dt.datetime
    action: Action
    who: str
    why: str | None
    queue: str | None
    count: int
    target: str | None
    undo_id: str | None
    undo_until: dt.datetime | None
    undone_at: dt.datetime | None


@dataclass(frozen=True)
class AuditPage:
    """Entries, the newest first."""

    entries: tuple[AuditEntry, ...]
    next_cursor: str | None


def begin(brokers: Brokers, action: Action, by: Operator, target: str = "") -> Operation:
    """Begin an operation at the time of Redis; the first script that changes a task records it."""
    return Operation.begin(brokers.now_us(), action, by, target)


def as_argument(brokers: Brokers, action: Action, by: Operator | None, target: str = "") -> str:
    """Return a new operation as scripts read it; "" if no operator asked for it."""
    return "" if by is None else begin(brokers, action, by, target).as_argument()


def go_on(
    brokers: Brokers, operation_id: str, action: Action, by: Operator, target: str
) -> Operation:
    """Continue an operation; begin a new one if the old one has changed nothing yet.

    Raises OperationOver; InvalidQuery if the id is malformed, or of another action or operator.
    """
    if not OPERATION_ID.fullmatch(operation_id):
        raise _wrong("This is not an operation_id that Duckline returned.")
    now_ms, known = operations.parts_of(brokers, operation_id)
    if any(part.action != action for part in known):
        raise _wrong("This operation_id belongs to another action.")
    if any(part.who != by.who for part in known):
        raise _wrong("This operation_id belongs to another operator.")
    if any(part.undone for part in known):
        raise OperationOver("This operation was undone; begin a new one.")
    age_ms = now_ms - begun_ms(operation_id)
    if age_ms < 0:
        raise _wrong("This is not an operation_id that Duckline returned.")
    if age_ms > GOES_ON_MS:
        raise OperationOver(
            "This operation began over 24 hours ago; begin a new one at this cursor."
        )
    if not known:
        return begin(brokers, action, by, target)
    return Operation.going_on(operation_id, action, by, target)


def read(brokers: Brokers, *, action: Action | None, cursor: str | None, limit: int) -> AuditPage:
    """Read entries, the newest first; continue at `next_cursor`, even if a page has no entry."""
    if cursor is not None and not OPERATION_ID.fullmatch(cursor):
        raise InvalidQuery(
            [Problem("/cursor", "cursor", "This is not a cursor that Duckline returned.")]
        )
    found, stop_at = list[AuditEntry](), time.monotonic() + BUDGET_S
    step = limit + 1 if action is None else STEP
    while True:
        ids = operations.ids_behind(brokers, cursor, step)
        for entry in _entries(brokers, ids):
            if action in (None, entry.action):
                found.append(entry)
            if len(found) == limit:
                is_last = entry.id == ids[-1] and len(ids) < step
                return AuditPage(tuple(found), None if is_last else entry.id)
        if len(ids) < step:
            return AuditPage(tuple(found), None)
        cursor = ids[-1]
        if time.monotonic() > stop_at:
            return AuditPage(tuple(found), cursor)


def _entries(brokers: Brokers, ids: Sequence[str]) -> Iterator[AuditEntry]:
    parts = (_entry(*part) for part in operations.entries(brokers, ids))
    for _, same in groupby(parts, key=lambda entry: entry.id):
        yield _whole(list(same))


def _entry(operation_id: str, queue: str, fields: Hash) -> AuditEntry:
    until, action = undo_until(operation_id, int(fields["undo_ms"])), Action(fields["action"])
    return AuditEntry(
        id=operation_id,
        at=task_hash.from_ms(begun_ms(operation_id)),
        action=action,
        who=fields["who"],
        why=fields["why"] or None,
        queue=queue if action.of_queues else None,
        count=int(fields["count"]),
        target=fields["target"] or None,
        undo_id=operation_id if until else None,
        undo_until=until,
        undone_at=fields.time("undone_at"),
    )


def _whole(parts: list[AuditEntry]) -> AuditEntry:
    if len(parts) == 1:
        return parts[0]
    undone = [part.undone_at for part in parts if part.undone_at]
    count = sum(part.count for part in parts)
    return replace(parts[0], queue=None, count=count, undone_at=max(undone, default=None))


def _wrong(text: str) -> InvalidQuery:
    return InvalidQuery([Problem("/operation_id", "operation_id", text)])
