"""Submit many tasks in one call: each accepted or rejected by itself, or all or none."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from huey_tasks.broker.protocol import Found, NewTask
from huey_tasks.errors import (
    DucklineError,
    IdempotencyKeyReused,
    QueueRefuses,
    QueueUnavailable,
    ServiceBusy,
)
from huey_tasks.queues import QUEUES
from huey_tasks.records.ids import new_ids
from huey_tasks.registry.types import TaskType
from huey_tasks.submission.once import once_of
from huey_tasks.submission.options import NO_OPTIONS, SubmitOptions
from huey_tasks.submission.submit import (
    SubmittedTask,
    answered,
    destination,
    goes_by_huey,
    made,
    submit_by_huey,
    submitted,
)

#: Tasks that one script call stores: Redis does nothing else for a millisecond or two.
BATCH = 100


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
    delay: float | None = None
    run_at: dt.datetime | None = None
    expires_in: float | None = None
    queue_priority: int | None = None
    unique_for: float | None = None
    unique_key: str | None = None
    idempotency_key: str | None = None
    webhook_url: str | None = None

    @property
    def options(self) -> SubmitOptions:
        """What it says beside type, payload and queue."""
        once = once_of(self.idempotency_key, self.unique_for, self.unique_key)
        return SubmitOptions(
            self.tags,
            self.delay,
            self.run_at,
            self.expires_in,
            self.queue_priority,
            once,
            self.webhook_url,
        )


def submit_many(submissions: Iterable[Submission]) -> list[Outcome]:
    """Submit many tasks; returns the outcome of each, in their order, and raises for none.

    After the first batch that Redis does not store, no other is sent; from a running task, where
    each is sent by itself, no other task.
    """
    rest, outcomes = iter(submissions), list[Outcome]()
    outage: QueueUnavailable | None = None
    while chunk := list(islice(rest, BATCH)):
        batch = Batch(len(chunk), outage)
        for each in chunk:
            batch.add(each.task_type, each.payload, each.priority, each.options)
        outcomes += batch.store()
        outage = batch.away
    return outcomes


def submit_all(
    task_type: str,
    payloads: Sequence[dict[str, Any]],
    priority: str | None,
    options: SubmitOptions,
) -> list[SubmittedTask]:
    """Submit a task of one type for each payload; check all before the first is stored.

    Raises for the first that is refused, whose note has its index. When Redis fails in the middle,
    the error's note says how many tasks were stored before.
    """
    found, queue = destination(task_type, priority)
    by_huey = goes_by_huey(queue)
    batches: list[Batch] = []
    for index, payload in enumerate(payloads):
        try:
            if by_huey:  # which stores each as it is added, so all are checked first
                found.check(payload)
                options.checked()
            else:
                if index % BATCH == 0:
                    batches.append(Batch(BATCH))
                batches[-1].add_checked(found, queue, payload, options.of_item(index))
        except DucklineError as error:
            error.add_note(f"Item {index} of {len(payloads)}; none was submitted.")
            raise
    if by_huey:
        sent = (
            submit_by_huey(found, queue, payload, options.of_item(index))
            for index, payload in enumerate(payloads)
        )
    else:
        sent = (_accepted(outcome) for batch in batches for outcome in batch.store())
    stored: list[SubmittedTask] = []
    try:
        for each in sent:
            stored.append(each)
    except DucklineError as error:
        error.add_note(f"{len(stored)} of {len(payloads)} tasks were stored before.")
        raise
    return stored


def _accepted(outcome: Outcome) -> SubmittedTask:
    """Return a task that was accepted. Raises the error of another."""
    if isinstance(outcome, Unanswered):
        outcome.error.task_id = outcome.task_id
        raise outcome.error
    if isinstance(outcome, DucklineError):
        raise outcome
    return outcome


class Batch:
    """Up to `size` tasks that are stored together; those of one queue in the order of `add`."""

    def __init__(self, size: int, away: QueueUnavailable | None = None) -> None:
        """`away`: an error of Redis in an earlier batch, so that none of these is sent."""
        #: The error with which Redis did not store tasks; None if there was none.
        self.away = away
        self._ids = iter(new_ids(size))
        self._outcomes: list[Outcome] = []
        self._new: dict[str, list[tuple[int, NewTask]]] = {}

    def add(
        self,
        task_type: str,
        payload: dict[str, Any],
        priority: str | None = None,
        options: SubmitOptions = NO_OPTIONS,
    ) -> None:
        """Check a task and add it; if the check fails, its error is the outcome."""
        try:
            found, queue = destination(task_type, priority, suggest=False)
            if goes_by_huey(queue):
                self._outcomes.append(self._submitted_now(found, queue, payload, options))
                return
            self.add_checked(found, queue, payload, options)
        except DucklineError as error:
            self._outcomes.append(error)

    def add_checked(
        self,
        found: TaskType[..., Any],
        queue: str,
        payload: dict[str, Any],
        options: SubmitOptions,
    ) -> None:
        """Add a task of a type that is known. Raises InvalidPayload, InvalidQuery."""
        new = made(found, next(self._ids), queue, payload, options)
        self._new.setdefault(queue, []).append((len(self._outcomes), new))
        self._outcomes.append(submitted(new, queue))

    def refuse(self, error: DucklineError) -> None:
        """Add the error of a task that cannot be read as its outcome."""
        self._outcomes.append(error)

    @property
    def outcomes(self) -> Sequence[Outcome]:
        """The outcome of each task if none is stored: the ids are those of no task."""
        return self._outcomes

    def _submitted_now(
        self,
        found: TaskType[..., Any],
        queue: str,
        payload: dict[str, Any],
        options: SubmitOptions,
    ) -> Outcome:
        """Submit a task at once, and none any more after an error of Redis."""
        if self.away is not None:
            found.check(payload)
            options.checked()
            return _unsent(self.away)
        try:
            return submit_by_huey(found, queue, payload, options)
        except QueueUnavailable as error:
            self.away = error
            return error if error.task_id is None else Unanswered(error.task_id, error)

    def store(self) -> Sequence[Outcome]:
        """Store the added tasks; returns the outcome of each, in the order of `add`."""
        if self.away is not None:
            return self.give_up(self.away)
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
            except QueueRefuses as error:
                for place, _ in placed:
                    self._outcomes[place] = error
                continue
            for (place, new), reply in zip(placed, stored, strict=True):
                if reply is not True:
                    self._outcomes[place] = _outcome(new, queue, reply)
        return self._outcomes

    def give_up(self, why: QueueUnavailable) -> Sequence[Outcome]:
        """Store no more tasks after an error of Redis; returns the outcome of each."""
        error = _unsent(why)
        for placed in self._new.values():
            for place, _ in placed:
                self._outcomes[place] = error
        self._new.clear()
        return self._outcomes


def _unsent(why: QueueUnavailable) -> QueueUnavailable:
    """Return the error of a task that was not sent after this one."""
    detail = "Redis stopped answering before this task was sent."
    unsent = QueueUnavailable(detail, why.cause, address=why.address)
    return why if isinstance(why, ServiceBusy) else unsent


def _outcome(new: NewTask, queue: str, reply: bool | Found) -> Outcome:
    try:
        return answered(new, queue, reply)
    except IdempotencyKeyReused as error:
        return error
