"""Purge a queue, and undo: what was purged or deleted comes back, in pieces.

A deleted task comes back as it was. A purged one has ended, and an end is never taken back: it is
submitted anew, as by a retry (docs/adr/0008).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from huey_tasks import audit, keys
from huey_tasks.actions import PIECE, retry_tasks
from huey_tasks.connection import redis_errors
from huey_tasks.errors import QueueUnavailable, UndoNotFound
from huey_tasks.operation import OPERATION_ID, Action, Operation, Operator
from huey_tasks.operator_scripts import DONE, FULL, OperatorScripts
from huey_tasks.patience import time_limit
from huey_tasks.scripts import BATCH

if TYPE_CHECKING:
    from huey_tasks.task_queue import TaskQueue

TaskQueues = Mapping[str, "TaskQueue"]

#: Seconds that Redis has for one piece, and that one request goes on with pieces.
PIECE_S, WHOLE_S = 3.0, 20.0


@dataclass(frozen=True)
class Undone:
    """How many tasks one request has brought back, and how many are left for the next."""

    undo_id: str
    restored: int
    left: int


def purge(queue: "TaskQueue", reason: str, operation: Operation | None) -> int:
    """Revoke the tasks that wait in a queue, for a bounded time; returns how many.

    Raises QueueUnavailable if Redis goes away before the first of them.
    """
    told = "" if operation is None else operation.as_argument()
    purged, last, ends = 0, BATCH, time.monotonic() + WHOLE_S
    while last == BATCH and time.monotonic() < ends:
        try:
            with time_limit(PIECE_S):
                last = queue.storage.scripts.purge(
                    queue.name, reason, ttl_ms=queue.storage.ttl_ms, operation=told
                )
        except QueueUnavailable:
            if not purged:
                raise
            break  # what is revoked can be undone, if its operation is told
        purged += last
    return purged


def undo(queues: TaskQueues, undo_id: str, by: Operator) -> Undone:
    """Undo an operation. What a request has no time for is left to the next with the same id.

    Two at once share the work. Raises UndoNotFound; QueueUnavailable, also if Redis is full.
    """
    lists = _lists(queues, undo_id) if OPERATION_ID.fullmatch(undo_id) else {}
    if not lists:
        raise UndoNotFound("There is nothing to undo: it is undone already, or the time is over.")
    operation = audit.begin(queues, Action.UNDO, by, undo_id)
    restored, tries, ends = 0, 0, time.monotonic() + WHOLE_S
    for queue, action in lists.items():
        bring_back, more = _submit_anew if action is Action.PURGE else _restore, True
        while more and (not tries or time.monotonic() < ends):
            with time_limit(PIECE_S):
                number, more = bring_back(queues[queue], undo_id, operation)
            restored, tries = restored + number, tries + 1
    with time_limit(PIECE_S):
        left = sum(_lengths(queues, undo_id))
    if left and not restored and time.monotonic() < ends:
        raise QueueUnavailable("Redis is full: nothing can be brought back now.")
    return Undone(undo_id, restored, left)


def _lists(queues: TaskQueues, undo_id: str) -> dict[str, Action]:
    """The queues where something is left to undo, each with what was done there."""
    found = dict[str, Action]()
    for queue, length in zip(queues, _lengths(queues, undo_id), strict=True):
        if not length:
            continue
        with redis_errors():
            action = queues[queue].storage.broker.hget(keys.operation(queue, undo_id), "action")
        if action is not None:
            found[queue] = Action(action.decode())
    return found


def _lengths(queues: TaskQueues, undo_id: str) -> list[int]:
    any_queue = next(iter(queues.values()))
    with redis_errors(), any_queue.storage.broker.pipeline(transaction=False) as pipe:
        for queue in queues:
            pipe.llen(keys.undo(queue, undo_id))
        return pipe.execute()


def _restore(queue: "TaskQueue", undo_id: str, operation: Operation) -> tuple[int, bool]:
    scripts = OperatorScripts(queue.storage.scripts)
    done = scripts.restore(queue.name, undo_id, PIECE, operation)
    return done.restored, done.left > 0


def _submit_anew(queue: "TaskQueue", undo_id: str, operation: Operation) -> tuple[int, bool]:
    """Submit the next tasks of a list anew; the script strikes each off."""
    with redis_errors():
        head = queue.storage.broker.lrange(keys.undo(queue.name, undo_id), 0, PIECE - 1)
    ids = [task_id.decode() for task_id in head]
    words = retry_tasks(queue, ids, operation, undo=undo_id)
    return words.count(DONE), len(ids) == PIECE and FULL not in words
