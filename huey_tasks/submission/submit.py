"""Submit one task, or many in one call, each of which is accepted or rejected by itself.

Owns the steps from a type's name and a payload to a task in Redis: find the type, check the
payload, make the task from the template of its type (`task_template`), store it with `submit.lua`.
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

#: Tags of a task, and the characters of a tag; a comma separates two tags where they are stored.
MAX_TAGS, TAG = 10, re.compile(r"[^\s,\"\\]{1,64}")

#: Tasks that one script call stores: Redis does nothing else for some milliseconds.
BATCH = 200


class SubmittedTask(NamedTuple):
    """A task that has been accepted: it is in Redis and will reach a terminal state."""

    task_id: str
    status: TaskState
    task_type: str
    queue: str


class Unanswered(NamedTuple):
    """A task whose answer from Redis was lost: a read of its id shows whether it was stored."""

    task_id: str
    error: QueueUnavailable


#: What happened to one task of many; an error means that it was not accepted.
Outcome = SubmittedTask | Unanswered | DucklineError


@dataclass(frozen=True)
class Submission:
    """The arguments of one `submit`."""

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
    """Check a payload and submit a task; `priority` names a queue other than the type's own.

    `tags`: up to ten words by which a search finds the task. Raises InvalidQuery for an invalid
    tag, UnknownTaskType, UnknownQueue, InvalidPayload; QueueDraining while the queue accepts no
    tasks; QueueUnavailable when Redis does not store the task: with a `task_id` it may have, as the
    answer was lost. A running task may submit to a draining queue, or it could not finish.
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
    """Submit many tasks; returns the outcome of each, in their order, and raises for none.

    After the first batch that Redis does not store, no other is sent.
    """
    rest, outcomes = iter(submissions), list[Outcome]()
    outage: QueueUnavailable | None = None
    while chunk := list(islice(rest, BATCH)):
        batch = Batch(len(chunk))
        for each in chunk:
            batch.add(each.task_type, each.payload, each.priority, each.tags)
        outcomes += batch.store() if outage is None else batch.give_up(outage)
        outage = outage or batch.away
    return outcomes


class Batch:
    """Up to `size` tasks that are stored together; those of one queue in the order of `add`."""

    def __init__(self, size: int) -> None:
        #: The error with which Redis did not store tasks; None if there was none.
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
        """Check a task and add it; if the check fails, its error is the outcome."""
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
        """Add the error of a task that cannot be read as its outcome."""
        self._outcomes.append(error)

    def store(self) -> Sequence[Outcome]:
        """Store the added tasks; returns the outcome of each, in the order of `add`."""
        while self._new:
            queue = next(iter(self._new))
            placed = self._new.pop(queue)
            try:
                stored = QUEUES[queue].broker.scripts.submit(
                    queue, [new for _, new in placed], may_refuse=True
                )
            except QueueUnavailable as error:
                self.away = error
                for place, new in placed:
                    lost = Unanswered(new.id, error)
                    self._outcomes[place] = error if error.answered else lost
                return self.give_up(error)
            if not stored:
                for place, _ in placed:
                    self._outcomes[place] = _draining(queue)
        return self._outcomes

    def give_up(self, why: QueueUnavailable) -> Sequence[Outcome]:
        """Store no more tasks after an error of Redis; returns the outcome of each."""
        unsent = QueueUnavailable("Redis stopped answering before this task was sent.", why.cause)
        error = why if isinstance(why, ServiceBusy) else unsent
        for placed in self._new.values():
            for place, _ in placed:
                self._outcomes[place] = error
        self._new.clear()
        return self._outcomes


def destination(
    task_type: str, priority: str | None, *, suggest: bool = True
) -> tuple[types.TaskType[..., Any], str]:
    """Return the task type, and `priority` or else its own queue.

    Raises UnknownTaskType, UnknownQueue.
    """
    found = types.get(task_type, suggest=suggest)
    queue = found.queue if priority is None else priority
    if queue not in QUEUES:
        raise UnknownQueue(
            f"There is no queue '{queue[:64]}'; the queues are {', '.join(QUEUE_NAMES)}."
        )
    return found, queue


def _tagged(new: NewTask, tags: Sequence[str]) -> NewTask:
    return new._replace(tags=checked_tags(tags)) if tags else new


def is_tag(text: str) -> bool:
    """Return whether `text` is a valid tag."""
    return TAG.fullmatch(text) is not None and is_plain(text)


def checked_tags(tags: Sequence[str]) -> str:
    """Return the tags in their stored form. Raises InvalidQuery."""
    wrong = [n for n, tag in enumerate(tags) if n >= MAX_TAGS or not is_tag(tag)]
    if wrong:
        rule = (
            f"At most {MAX_TAGS} tags, each of 1 to 64 visible characters, "
            "without spaces, commas, quotes and backslashes."
        )
        raise InvalidQuery([Problem(f"/tags/{n}", "tag", rule) for n in wrong[:MAX_TAGS]])
    return f",{','.join(dict.fromkeys(tags))}," if tags else ""


def _submit_by_huey(
    found: types.TaskType[..., Any], queue: str, payload: dict[str, Any], tags: Sequence[str]
) -> SubmittedTask:
    """Submit with Huey's `enqueue`, from a running task or in Huey's immediate mode.

    From a task, because a repeated attempt must give the same id. The immediate mode runs the task
    here and returns its terminal state.
    """
    found.check(payload)
    task = found.wrappers[queue].task_class((), dict(payload))
    task.tags = checked_tags(tags)
    QUEUES[queue].enqueue(task)
    return SubmittedTask(task.id, _state_here(QUEUES[queue], task.id), found.name, queue)


def _state_here(queue: TaskQueue, task_id: str) -> TaskState:
    """Return the state of a task just enqueued; the immediate mode has run it."""
    if not queue.immediate:
        return TaskState.PENDING
    kept = queue.get_raw(task_id, peek=True)
    failed = kept is EmptyData or isinstance(queue.serializer.deserialize(kept), Error)
    return TaskState.FAILURE if failed else TaskState.SUCCESS


def _submitted(new: NewTask, queue: str) -> SubmittedTask:
    return SubmittedTask(new.id, TaskState.PENDING, new.type, queue)


def _draining(queue: str) -> QueueDraining:
    return QueueDraining(f"Queue '{queue}' is draining: it accepts no tasks until it is resumed.")
