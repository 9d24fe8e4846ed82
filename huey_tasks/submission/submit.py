"""Submit: one task, or many together of which each is accepted or refused on its own.

Owns the way from a type's name and a payload to a task in Redis: the type is found, the payload
checked, the task made in the form of its type (`task_template`) and stored by `submit.lua`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from huey.constants import EmptyData
from huey.utils import Error

from huey_tasks.broker.keys import QUEUE_NAMES
from huey_tasks.broker.protocol import NewTask
from huey_tasks.errors import (
    DucklineError,
    InvalidQuery,
    Problem,
    QueueDraining,
    QueueUnavailable,
    ServiceBusy,
    UnknownQueue,
)
from huey_tasks.execution.attempt import current_attempt
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.queues import QUEUES
from huey_tasks.records.ids import new_id, new_ids
from huey_tasks.records.models import TaskState
from huey_tasks.registry import types
from huey_tasks.values.plain_text import is_plain

#: Tags of a task, and characters of a tag; a comma would part one from the next.
MAX_TAGS, TAG = 10, re.compile(r"[^\s,\"\\]{1,64}")

#: How many tasks one call of a script stores; some milliseconds in which Redis does nothing else.
BATCH = 200


class SubmittedTask(NamedTuple):
    """A task that has been accepted: it is in Redis and will reach a terminal state."""

    task_id: str
    status: TaskState
    task_type: str
    queue: str


class Unanswered(NamedTuple):
    """A task that was sent when Redis went away: whether it was stored, only a look can tell."""

    task_id: str
    error: QueueUnavailable


#: What became of one of many; an error means that it was not accepted.
Outcome = SubmittedTask | Unanswered | DucklineError


@dataclass(frozen=True)
class Submission:
    """What `submit` takes, as a value."""

    task_type: str
    payload: dict[str, Any]
    priority: str | None = None
    tags: Sequence[str] = ()


def submit(
    task_type: str,
    payload: dict[str, Any],
    *,
    priority: str | None = None,
    tags: Sequence[str] = (),
) -> SubmittedTask:
    """Check a payload and put a task in its queue; `priority` names another than the type's own.

    `tags`: up to ten words by which it can be found. Raises InvalidQuery for others,
    UnknownTaskType, UnknownQueue, InvalidPayload; QueueDraining when the queue takes no
    tasks now; QueueUnavailable when Redis cannot take it, and then nothing was accepted, unless the
    answer was lost on the way. A task may submit to a queue that drains: it is work in hand.
    """
    found, queue = destination(task_type, priority)
    if current_attempt.get() is not None or QUEUES[queue].immediate:
        return _submit_by_huey(found, queue, payload, tags)
    new = _tagged(found.new_task(new_id(), queue, payload), tags)
    try:
        if not QUEUES[queue].broker.scripts.submit(queue, [new], may_refuse=True):
            raise _draining(queue)
    except QueueUnavailable as error:
        error.task_id = None if error.answered else new.id
        raise
    return _submitted(new, queue)


def submit_many(submissions: Iterable[Submission]) -> list[Outcome]:
    """Submit many tasks; returns what became of each, in their order, and raises for none.

    Once Redis has not taken some, no others are sent.
    """
    rest, outcomes = iter(submissions), list[Outcome]()
    away: QueueUnavailable | None = None
    while some := list(islice(rest, BATCH)):
        batch = Batch(len(some))
        for one in some:
            batch.add(one.task_type, one.payload, one.priority, one.tags)
        outcomes += batch.store() if away is None else batch.give_up(away)
        away = away or batch.away
    return outcomes


class Batch:
    """Tasks that are stored together, at most `size`; those of one queue in the order they came."""

    def __init__(self, size: int) -> None:
        #: Why Redis did not take what was to be stored.
        self.away: QueueUnavailable | None = None
        self._ids = iter(new_ids(size))
        self._outcomes: list[Outcome] = []
        self._new: dict[str, list[tuple[int, NewTask]]] = {}

    def add(
        self,
        task_type: str,
        payload: dict[str, Any],
        priority: str | None = None,
        tags: Sequence[str] = (),
    ) -> None:
        """Check a task and take it in; what is wrong with it becomes its outcome."""
        try:
            found, queue = destination(task_type, priority, suggest=False)
            if current_attempt.get() is not None or QUEUES[queue].immediate:
                self._outcomes.append(_submit_by_huey(found, queue, payload, tags))
                return
            new = _tagged(found.new_task(next(self._ids), queue, payload), tags)
        except DucklineError as error:
            self._outcomes.append(error)
            return
        self._new.setdefault(queue, []).append((len(self._outcomes), new))
        self._outcomes.append(_submitted(new, queue))

    def refuse(self, error: DucklineError) -> None:
        """Keep a place for a task that cannot even be read."""
        self._outcomes.append(error)

    def store(self) -> Sequence[Outcome]:
        """Store what was taken in; returns the outcome of each."""
        while self._new:
            queue = next(iter(self._new))
            placed = self._new.pop(queue)
            try:
                taken = QUEUES[queue].broker.scripts.submit(
                    queue, [new for _, new in placed], may_refuse=True
                )
            except QueueUnavailable as error:
                self.away = error
                for place, new in placed:
                    lost = Unanswered(new.id, error)
                    self._outcomes[place] = error if error.answered else lost
                return self.give_up(error)
            if not taken:
                for place, _ in placed:
                    self._outcomes[place] = _draining(queue)
        return self._outcomes

    def give_up(self, why: QueueUnavailable) -> Sequence[Outcome]:
        """Store nothing more, because Redis was found to be away."""
        away = QueueUnavailable("Redis was away before it was this task's turn.", why.cause)
        error = why if isinstance(why, ServiceBusy) else away
        for placed in self._new.values():
            for place, _ in placed:
                self._outcomes[place] = error
        self._new.clear()
        return self._outcomes


def destination(
    task_type: str, priority: str | None, *, suggest: bool = True
) -> tuple[types.TaskType[..., Any], str]:
    """The task type, and its queue or another. Raises UnknownTaskType, UnknownQueue."""
    found = types.get(task_type, suggest=suggest)
    queue = found.queue if priority is None else priority
    if queue not in QUEUES:
        raise UnknownQueue(f"There is no queue '{queue[:64]}'; it is {' or '.join(QUEUE_NAMES)}.")
    return found, queue


def _tagged(new: NewTask, tags: Sequence[str]) -> NewTask:
    return new._replace(tags=checked_tags(tags)) if tags else new


def is_tag(text: str) -> bool:
    """Whether `text` can be a tag."""
    return TAG.fullmatch(text) is not None and is_plain(text)


def checked_tags(tags: Sequence[str]) -> str:
    """The tags as they are kept. Raises InvalidQuery."""
    wrong = [n for n, tag in enumerate(tags) if n >= MAX_TAGS or not is_tag(tag)]
    if wrong:
        rule = (
            f"At most {MAX_TAGS} tags of 64 characters that can be seen, "
            "without spaces, commas and quotes."
        )
        raise InvalidQuery([Problem(f"/tags/{n}", "tag", rule) for n in wrong[:MAX_TAGS]])
    return f",{','.join(dict.fromkeys(tags))}," if tags else ""


def _submit_by_huey(
    found: types.TaskType[..., Any], queue: str, payload: dict[str, Any], tags: Sequence[str]
) -> SubmittedTask:
    """Huey's own way: from a task, where a repeat of the attempt gives the same id; and in Huey's
    immediate mode, which runs the task here, and whose state is then how that went."""
    found.check(payload)
    task = found.wrappers[queue].task_class((), dict(payload))
    task.tags = checked_tags(tags)
    QUEUES[queue].enqueue(task)
    return SubmittedTask(task.id, _state_here(QUEUES[queue], task.id), found.name, queue)


def _state_here(queue: TaskQueue, task_id: str) -> TaskState:
    """How a task stands that was just enqueued; the immediate mode has run it."""
    if not queue.immediate:
        return TaskState.PENDING
    kept = queue.get_raw(task_id, peek=True)
    failed = kept is EmptyData or isinstance(queue.serializer.deserialize(kept), Error)
    return TaskState.FAILURE if failed else TaskState.SUCCESS


def _submitted(new: NewTask, queue: str) -> SubmittedTask:
    return SubmittedTask(new.id, TaskState.PENDING, new.type, queue)


def _draining(queue: str) -> QueueDraining:
    return QueueDraining(f"Queue '{queue}' drains: it takes no tasks until it is resumed.")
