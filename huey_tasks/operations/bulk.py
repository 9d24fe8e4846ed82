"""What operators do to many tasks: cancel, retry, requeue, delete; a bounded piece at a time.

A task that is not there, has moved on, or finds Redis full is skipped and counted. Every piece may
be sent twice: what was done is not done again.
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

#: What one request does at most: tasks, and seconds after which it begins no further part.
MOST, BUDGET_S = 500, 1.0

#: So many tasks go to Redis at a time; so many copies, because each may be as large as a body.
PIECE, COPIES = 100, 50


@dataclass(frozen=True)
class Skipped:
    """Tasks that nothing was done to, and why."""

    not_found: int = 0
    wrong_state: int = 0  # it has ended, or not ended, or was retried before
    redis_full: int = 0


@dataclass(frozen=True)
class Acted:
    """What a piece of an operation has done; it goes on at `next_cursor`."""

    operation: Operation
    done: int
    skipped: Skipped = Skipped()
    next_cursor: str | None = None


def act_on_ids(brokers: Brokers, operation: Operation, task_ids: Sequence[str]) -> Acted:
    """Do it to the tasks with these ids. Raises OperationOver, QueueUnavailable."""
    ids = list(dict.fromkeys(task_ids))
    places = [(queue, task_id) for task_id in ids for queue in brokers]
    states = indexes.states(brokers, places)
    known = [place for place, state in zip(places, states, strict=True) if state is not None]
    words = _act(brokers, operation, known)
    words.update({"": len(ids) - len(known)})
    return _acted(operation, words, None)


def act_on_search(
    brokers: Brokers,
    operation: Operation,
    query: Query,
    *,
    window: Window,
    set_aside: bool,
    cursor: str | None,
) -> Acted:
    """Do it to some of the tasks that a search finds, the newest first.

    A search goes on at a place and not at a number, so that tasks that leave what it looks through
    make it skip none. Raises InvalidQuery, OperationOver, QueueUnavailable.
    """
    words, taken, ends = Counter[str](), 0, time.monotonic() + BUDGET_S
    while True:
        found = pages.find(
            brokers, query, window=window, set_aside=set_aside, cursor=cursor,
            limit=min(MOST // 2, MOST - taken), budget_s=BUDGET_S / 4,
        )  # fmt: skip
        words += _act(brokers, operation, found.tasks)
        taken, cursor = taken + len(found.tasks), found.next_cursor
        if cursor is None or taken >= MOST or time.monotonic() > ends:
            return _acted(operation, words, cursor)


def _acted(operation: Operation, words: Counter[str], cursor: str | None) -> Acted:
    wrong = sum(number for word, number in words.items() if word not in ("", DONE, FULL))
    return Acted(operation, words[DONE], Skipped(words[""], wrong, words[FULL]), cursor)


def _act(brokers: Brokers, operation: Operation, places: Sequence[tuple[str, str]]) -> Counter[str]:
    """Count what became of the tasks; what is queued anew keeps its order, the oldest first."""
    words = Counter[str]()
    for broker in brokers.values():
        ids = [task_id for name, task_id in reversed(places) if name == broker.name]
        for at in range(0, len(ids), PIECE):
            words.update(_act_in_queue(broker, operation, ids[at : at + PIECE]))
    return words


def _act_in_queue(broker: Broker, operation: Operation, ids: list[str]) -> list[str]:
    scripts, told = OperatorScripts(broker.scripts), operation.as_argument()
    match operation.action:
        case Action.CANCEL:
            return cancel_all(
                broker.scripts, broker.name, ids, cancelled(operation.why),
                ttl_ms=broker.ttl_ms, request=operation.id, operation=told,
            )  # fmt: skip
        case Action.REQUEUE:
            return scripts.requeue(broker.name, ids, told)
        case Action.DELETE:
            words = scripts.delete(broker.name, ids, told)
            if not words:
                raise OperationOver("The time to undo this operation is over; begin a new one.")
            return words
        case _:
            return retry_tasks(broker, ids, operation)


def retry_tasks(
    broker: Broker, task_ids: Sequence[str], operation: Operation, *, undo: str = ""
) -> list[str]:
    """Submit ended tasks of a queue anew, in this order; what became of each, as `retry_all`.

    `undo`: the id of the operation that is undone by this.
    """
    words, told = list[str](), operation.as_argument()
    for at in range(0, len(task_ids), COPIES):
        ids = task_ids[at : at + COPIES]
        pairs = list(zip(ids, new_ids(len(ids)), strict=True))
        copies = task_copies.copies_of(broker, pairs)
        # Of a task that is gone there is no copy; the script finds it gone too.
        news = [
            copy or task_copies.nothing(new) for (_, new), copy in zip(pairs, copies, strict=True)
        ]
        words += retry_all(
            broker.scripts, broker.name, list(zip(ids, news, strict=True)), told,
            undo=undo,
        )  # fmt: skip
    return words
