"""Purge a queue, and undo a purge or a delete, in pieces.

Undo restores a deleted task unchanged. A purged task is REVOKED, and no task leaves a terminal
state: undo submits a copy of it, as a retry does (docs/adr/0008).
"""

import sys
import time
from dataclasses import dataclass

from huey_tasks.access.errors import Forbidden
from huey_tasks.audit import trail
from huey_tasks.audit.operation import OPERATION_ID, UNDO_MS, Action, Operation, Operator
from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.broker.deadline import time_limit
from huey_tasks.broker.scripts.operators import DONE, FULL, OperatorScripts
from huey_tasks.broker.scripts.tasks import BATCH
from huey_tasks.errors import QueueUnavailable, UndoNotFound
from huey_tasks.operations.bulk import PIECE, retry_tasks
from huey_tasks.records import operations

#: Seconds within which Redis must answer for one piece, and that one request takes for all.
PIECE_S, WHOLE_S = 3.0, 20.0


@dataclass(frozen=True)
class Undone:
    """How many tasks one request has restored, and how many are left for the next."""

    undo_id: str
    restored: int
    left: int


def purge(
    broker: Broker, reason: str, operation: Operation | None, at_most: int | None = None
) -> int:
    """Cancel the PENDING tasks of a queue, for at most WHOLE_S seconds; returns how many.

    Of more than `at_most` those that would start first.

    Raises QueueUnavailable if Redis stops answering before the first of them.
    """
    argument = "" if operation is None else operation.as_argument()
    purged, stop_at = 0, time.monotonic() + WHOLE_S
    left = sys.maxsize if at_most is None else at_most
    while left > 0 and time.monotonic() < stop_at:
        limit = min(BATCH, left)
        try:
            with time_limit(PIECE_S):
                last = broker.scripts.purge(broker.name, reason, limit=limit, operation=argument)
        except QueueUnavailable:
            if not purged:
                raise
            break  # the caller needs the count and the operation, to undo what was purged
        purged, left = purged + last, left - last
        if last < limit:
            break
    return purged


def undo(brokers: Brokers, undo_id: str, by: Operator, *, only_own: bool = False) -> Undone:
    """Undo an operation; the next call with the same id continues if the time was too short.

    `only_own`: only if the key of `by` began it, so that all of it was within its reach. Two calls
    at once share the work. Raises UndoNotFound; Forbidden for the operation of another key;
    QueueUnavailable, also if Redis is full.
    """
    if only_own:
        _check_own(brokers, undo_id, by)
    lists = _lists(brokers, undo_id) if OPERATION_ID.fullmatch(undo_id) else {}
    if not lists:
        raise UndoNotFound(_why_nothing(brokers, undo_id))
    operation = trail.begin(brokers, Action.UNDO, by, undo_id)
    restored, tries, stop_at = 0, 0, time.monotonic() + WHOLE_S
    for queue, action in lists.items():
        undo_piece, more = _submit_copies if action is Action.PURGE else _restore, True
        while more and (not tries or time.monotonic() < stop_at):
            with time_limit(PIECE_S):
                number, more = undo_piece(brokers[queue], undo_id, operation)
            restored, tries = restored + number, tries + 1
    with time_limit(PIECE_S):
        left = sum(operations.left_to_undo(brokers, undo_id).values())
    if left and not restored and time.monotonic() < stop_at:
        raise QueueUnavailable("Redis is full: no task can be restored now.")
    return Undone(undo_id, restored, left)


def _check_own(brokers: Brokers, undo_id: str, by: Operator) -> None:
    parts = operations.parts_of(brokers, undo_id)[1] if OPERATION_ID.fullmatch(undo_id) else []
    if any(not part.key_id or part.key_id != by.key_id for part in parts):
        raise Forbidden(
            "Another key has done this: to undo it needs a key that reaches everything."
        )


def _lists(brokers: Brokers, undo_id: str) -> dict[str, Action]:
    """Return the queues that have something left to undo, each with the action to undo."""
    found = dict[str, Action]()
    for queue, length in operations.left_to_undo(brokers, undo_id).items():
        if not length:
            continue
        action = operations.action_in(brokers[queue], undo_id)
        if action is not None:
            found[queue] = Action(action)
    return found


def _why_nothing(brokers: Brokers, undo_id: str) -> str:
    """Return why nothing of the operation can be undone: its record says so, while it is kept."""
    parts = operations.parts_of(brokers, undo_id)[1] if OPERATION_ID.fullmatch(undo_id) else []
    if not parts:
        return "No operation has this id."
    action = Action(parts[0].action)
    if not action.undoable:
        return f"A {action} cannot be undone; only a purge and a delete can."
    if any(part.undone for part in parts):
        return f"The {action} was undone before; nothing of it is left to restore."
    return f"The time to undo the {action} is over: it was {UNDO_MS // 60_000} minutes."


def _restore(broker: Broker, undo_id: str, operation: Operation) -> tuple[int, bool]:
    scripts = OperatorScripts(broker.scripts)
    done = scripts.restore(broker.name, undo_id, PIECE, operation.as_argument())
    return done.restored, done.left > 0


def _submit_copies(broker: Broker, undo_id: str, operation: Operation) -> tuple[int, bool]:
    """Submit copies of the next purged tasks; the script removes each from the list."""
    ids = operations.next_to_undo(broker, undo_id, PIECE)
    replies = retry_tasks(broker, ids, operation, undo=undo_id)
    return replies.count(DONE), len(ids) == PIECE and FULL not in replies
