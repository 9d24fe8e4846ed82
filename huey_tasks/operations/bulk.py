"""Cancel, retry, requeue or delete many tasks, in pieces of bounded size.

A task that does not exist, is in another state, or does not fit into a full Redis is skipped and
counted. A piece may be sent twice: the scripts change each task once per operation.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from huey_tasks.audit.operation import Action, Operation, cancelled
from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.broker.scripts.operators import DONE, FULL, OperatorScripts, cancel_all, retry_all
from huey_tasks.errors import OperationOver
from huey_tasks.records import copies as task_copies
from huey_tasks.records import indexes
from huey_tasks.records.ids import new_ids
from huey_tasks.search import pages
from huey_tasks.search.index_scan import Window
from huey_tasks.search.query import Query

#: The limits of one request: tasks, and seconds after which it starts no further piece.
MOST, BUDGET_S = 500, 1.0

#: Tasks that one script call changes, 15 to 35 µs of Redis each, or that are copied at a time.
PIECE = 50


@dataclass(frozen=True)
class Skipped:
    """How many tasks were not changed, by reason."""

    not_found: int = 0
    wrong_state: int = 0  # it is terminal, is not terminal, or was retried before
    redis_full: int = 0


@dataclass(frozen=True)
class Acted:
    """What one request has done; the next continues at `next_cursor`, None at the end."""

    operation: Operation
    done: int
    skipped: Skipped = Skipped()
    next_cursor: str | None = None


def act_on_ids(brokers: Brokers, operation: Operation, task_ids: Sequence[str]) -> Acted:
    """Apply the operation to the tasks with these ids. Raises OperationOver, QueueUnavailable."""
    ids = list(dict.fromkeys(task_ids))
    places = [(queue, task_id) for task_id in ids for queue in brokers]
    states = indexes.states(brokers, places)
    known = [place for place, state in zip(places, states, strict=True) if state is not None]
    replies = _act(brokers, operation, known)
    replies.update({"": len(ids) - len(known)})
    return _acted(operation, replies, None)


def act_on_search(
    brokers: Brokers,
    operation: Operation,
    query: Query,
    *,
    window: Window,
    set_aside: bool,
    cursor: str | None,
) -> Acted:
    """Apply the operation to some of the tasks that a search finds, the newest first.

    The cursor is a place in the index and not an offset, so that no task is skipped when others
    leave the index. Raises InvalidQuery, OperationOver, QueueUnavailable.
    """
    replies, taken, stop_at = Counter[str](), 0, time.monotonic() + BUDGET_S
    while True:
        found = pages.find(
            brokers, query, window=window, set_aside=set_aside, cursor=cursor,
            limit=min(MOST // 2, MOST - taken), budget_s=BUDGET_S / 4,
        )  # fmt: skip
        replies += _act(brokers, operation, found.tasks)
        taken, cursor = taken + len(found.tasks), found.next_cursor
        if cursor is None or taken >= MOST or time.monotonic() > stop_at:
            return _acted(operation, replies, cursor)


def _acted(operation: Operation, replies: Counter[str], cursor: str | None) -> Acted:
    wrong = sum(number for reply, number in replies.items() if reply not in ("", DONE, FULL))
    return Acted(operation, replies[DONE], Skipped(replies[""], wrong, replies[FULL]), cursor)


def _act(brokers: Brokers, operation: Operation, places: Sequence[tuple[str, str]]) -> Counter[str]:
    """Count the replies of the scripts; the oldest task comes first, so a retry keeps the order."""
    replies = Counter[str]()
    for broker in brokers.values():
        ids = [task_id for name, task_id in reversed(places) if name == broker.name]
        for start in range(0, len(ids), PIECE):
            replies.update(_act_in_queue(broker, operation, ids[start : start + PIECE]))
    return replies


def _act_in_queue(broker: Broker, operation: Operation, ids: list[str]) -> list[str]:
    scripts, argument = OperatorScripts(broker.scripts), operation.as_argument()
    match operation.action:
        case Action.CANCEL:
            return cancel_all(
                broker.scripts, broker.name, ids, cancelled(operation.why),
                request=operation.id, operation=argument,
            )  # fmt: skip
        case Action.REQUEUE:
            return scripts.requeue(broker.name, ids, argument)
        case Action.DELETE:
            replies = scripts.delete(broker.name, ids, argument)
            if not replies:
                raise OperationOver("The time to undo this operation is over; begin a new one.")
            return replies
        case _:
            return retry_tasks(broker, ids, operation)


def retry_tasks(
    broker: Broker, task_ids: Sequence[str], operation: Operation, *, undo: str = ""
) -> list[str]:
    """Submit copies of finished tasks in this order; returns the replies of `retry_all`.

    `undo`: the id of the operation that this undoes.
    """
    replies, argument = list[str](), operation.as_argument()
    for start in range(0, len(task_ids), PIECE):
        ids = task_ids[start : start + PIECE]
        pairs = list(zip(ids, new_ids(len(ids)), strict=True))
        copies = task_copies.copies_of(broker, pairs)
        # A task that was removed has no copy; the script then finds no task and replies so.
        new_tasks = [
            copy or task_copies.nothing(new) for (_, new), copy in zip(pairs, copies, strict=True)
        ]
        replies += retry_all(
            broker.scripts, broker.name, list(zip(ids, new_tasks, strict=True)), argument,
            undo=undo,
        )  # fmt: skip
    return replies
