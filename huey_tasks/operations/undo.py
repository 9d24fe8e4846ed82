"""Purge a queue, and undo: what was purged or deleted comes back, in pieces.

A deleted task comes back as it was. A purged one has ended, and an end is never taken back: it is
submitted anew, as by a retry (docs/adr/0008).
"""

import time
from dataclasses import dataclass

from huey_tasks.audit import trail
from huey_tasks.audit.operation import OPERATION_ID, Action, Operation, Operator
from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.broker.deadline import time_limit
from huey_tasks.broker.scripts.operators import DONE, FULL, OperatorScripts
from huey_tasks.broker.scripts.tasks import BATCH
from huey_tasks.errors import QueueUnavailable, UndoNotFound
from huey_tasks.operations.bulk import PIECE, retry_tasks
from huey_tasks.records import operations

#: Seconds that Redis has for one piece, and that one request goes on with pieces.
PIECE_S, WHOLE_S = 3.0, 20.0


@dataclass(frozen=True)
class Undone:
    """How many tasks one request has brought back, and how many are left for the next."""

    undo_id: str
    restored: int
    left: int


def purge(broker: Broker, reason: str, operation: Operation | None) -> int:
    """Revoke the tasks that wait in a queue, for a bounded time; returns how many.

    Raises QueueUnavailable if Redis goes away before the first of them.
    """
    told = "" if operation is None else operation.as_argument()
    purged, last, ends = 0, BATCH, time.monotonic() + WHOLE_S
    while last == BATCH and time.monotonic() < ends:
        try:
            with time_limit(PIECE_S):
                last = broker.scripts.purge(
                    broker.name, reason, ttl_ms=broker.ttl_ms, operation=told
                )
        except QueueUnavailable:
            if not purged:
                raise
            break  # what is revoked can be undone, if its operation is told
        purged += last
    return purged


def undo(brokers: Brokers, undo_id: str, by: Operator) -> Undone:
    """Undo an operation. What a request has no time for is left to the next with the same id.

    Two at once share the work. Raises UndoNotFound; QueueUnavailable, also if Redis is full.
    """
    lists = _lists(brokers, undo_id) if OPERATION_ID.fullmatch(undo_id) else {}
    if not lists:
        raise UndoNotFound("There is nothing to undo: it is undone already, or the time is over.")
    operation = trail.begin(brokers, Action.UNDO, by, undo_id)
    restored, tries, ends = 0, 0, time.monotonic() + WHOLE_S
    for queue, action in lists.items():
        bring_back, more = _submit_anew if action is Action.PURGE else _restore, True
        while more and (not tries or time.monotonic() < ends):
            with time_limit(PIECE_S):
                number, more = bring_back(brokers[queue], undo_id, operation)
            restored, tries = restored + number, tries + 1
    with time_limit(PIECE_S):
        left = sum(operations.left_to_undo(brokers, undo_id).values())
    if left and not restored and time.monotonic() < ends:
        raise QueueUnavailable("Redis is full: nothing can be brought back now.")
    return Undone(undo_id, restored, left)


def _lists(brokers: Brokers, undo_id: str) -> dict[str, Action]:
    """The queues where something is left to undo, each with what was done there."""
    found = dict[str, Action]()
    for queue, length in operations.left_to_undo(brokers, undo_id).items():
        if not length:
            continue
        action = operations.action_in(brokers[queue], undo_id)
        if action is not None:
            found[queue] = Action(action)
    return found


def _restore(broker: Broker, undo_id: str, operation: Operation) -> tuple[int, bool]:
    scripts = OperatorScripts(broker.scripts)
    done = scripts.restore(broker.name, undo_id, PIECE, operation.as_argument())
    return done.restored, done.left > 0


def _submit_anew(broker: Broker, undo_id: str, operation: Operation) -> tuple[int, bool]:
    """Submit the next tasks of a list anew; the script strikes each off."""
    ids = operations.next_to_undo(broker, undo_id, PIECE)
    words = retry_tasks(broker, ids, operation, undo=undo_id)
    return words.count(DONE), len(ids) == PIECE and FULL not in words
