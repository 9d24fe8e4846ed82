"""The errors of Duckline, as one tree. Each is a DucklineError; these have others below them:

    InvalidQuery        InvalidFlow
    QueueRefuses        QueueDraining, QueueFull, MemoryLow
    QueueUnavailable    ServiceBusy

Each class has a `code`, stable for programs; `web.http.problems` maps codes to HTTP statuses. An
error of the Redis client never leaves the package: `huey_tasks.broker.connection` turns it into
`QueueUnavailable`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class DucklineError(Exception):
    """Anything that Duckline refuses; `detail` says why, in a sentence for people."""

    code = "error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it cross to another process, whatever its `__init__` takes.

        An error that cannot be unpickled leaves the caller of a `multiprocessing.Pool` waiting.
        """
        return type(self).__new__, (type(self),), {**vars(self), "args": self.args}


class ConfigError(DucklineError):
    """A setting has a value that cannot work."""

    code = "config_error"


class InvalidTaskType(DucklineError, ValueError):
    """What is declared of a task type cannot work; the text begins with its `place`, file:line."""

    code = "invalid_task_type"

    def __init__(self, detail: str, place: str) -> None:
        super().__init__(f"{place}: {detail}")
        self.place = place


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input: where (RFC 6901 pointer), which rule, and in words."""

    pointer: str
    code: str
    message: str


class InvalidPayload(DucklineError):
    """The payload does not fit; `problems` names every field, pointers start at the payload."""

    code = "invalid_payload"

    def __init__(self, detail: str, problems: list[Problem]) -> None:
        super().__init__(detail)
        self.problems = problems

    def __str__(self) -> str:
        """Return the detail and, for a traceback, the first problems with their fields."""
        fields = [f"{each.pointer.lstrip('/')}: {each.message}" for each in self.problems[:5]]
        return f"{self.detail} {'; '.join(fields)}".strip()


class InvalidQuery(DucklineError):
    """A search, a cursor or a tag cannot be read; `problems` says what would do."""

    code = "invalid_request"

    def __init__(self, problems: list[Problem]) -> None:
        texts = [problem.message for problem in problems[:3]]
        super().__init__(" ".join(text if text[-1:] in ".?" else f"{text}." for text in texts))
        self.problems = problems


class InvalidFlow(InvalidQuery):
    """A flow is no graph that can run; each problem points to a node, whose name is in `names`."""

    code = "invalid_flow"

    def __init__(self, problems: list[Problem], names: Sequence[str] = ()) -> None:
        super().__init__(problems)
        first, more = problems[0], len(problems) - 1
        _, _, number = first.pointer.partition("/nodes/")
        node = number.partition("/")[0]
        where = f"Node {names[int(node)][:64]!r}: " if node else ""
        self.detail = f"{where}{first.message}{f' And {more} more.' if more else ''}"


class FlowNotFound(DucklineError):
    """There is no flow with that id, or no more."""

    code = "flow_not_found"


class FlowFinished(DucklineError):
    """The flow has ended."""

    code = "flow_finished"


class FlowNotRetryable(DucklineError):
    """The flow has not ended, or nothing of it can be run again."""

    code = "flow_not_retryable"


class UnknownTaskType(DucklineError):
    """No task type of that name is registered in this process."""

    code = "unknown_task_type"


class UnknownQueue(DucklineError):
    """The queues are `high`, `default` and `low`."""

    code = "unknown_queue"


class IdempotencyKeyReused(DucklineError):
    """An idempotency key came before with another submit; the key of a new one is a new one."""

    code = "idempotency_key_reused"


class TaskNotFound(DucklineError):
    """No task has that id, or its record has been kept long enough and is gone."""

    code = "task_not_found"


class TaskTypeNotFound(DucklineError):
    """No task type of that name is registered: the resource is not there."""

    code = "task_type_not_found"


class FunctionNotFound(DucklineError):
    """No function of that name is in the folders of functions."""

    code = "function_not_found"


class SavedEventNotFound(DucklineError):
    """The function has no saved event of that name."""

    code = "saved_event_not_found"


class TooManySavedEvents(DucklineError):
    """The function has as many saved events as it may."""

    code = "too_many_saved_events"


class FailuresNotFound(DucklineError):
    """No failure group has that fingerprint; its last task may have been pruned."""

    code = "failures_not_found"


class ScheduleNotFound(DucklineError):
    """No schedule has that name, in any queue."""

    code = "schedule_not_found"


class ScheduleExists(DucklineError):
    """A schedule has that name already, perhaps in another queue."""

    code = "schedule_exists"


class TooManySchedules(DucklineError):
    """There are as many schedules as there may be."""

    code = "too_many_schedules"


class ScheduleRunning(DucklineError):
    """The run before has not ended, and runs of this schedule must not overlap."""

    code = "schedule_running"


class TaskFinished(DucklineError):
    """The task has reached a terminal state; it does not change any more."""

    code = "task_finished"


class ChangedMeanwhile(DucklineError):
    """Somebody has changed it since the caller read it; nothing was done."""

    code = "changed_meanwhile"


class TaskRunning(DucklineError):
    """The task has started: what it does cannot change any more."""

    code = "task_running"


class TaskFailed(DucklineError):
    """A task ended as FAILURE, REVOKED or EXPIRED; `error` and `traceback` are what it left."""

    code = "task_failed"

    def __init__(self, task_id: str, status: str, error: str | None, traceback: str | None) -> None:
        super().__init__(f"Task {task_id} ended as {status}{f': {error}' if error else '.'}")
        self.task_id, self.status, self.error, self.traceback = task_id, status, error, traceback


class TaskNotRetryable(DucklineError):
    """Only a task that ended without success can be submitted once more."""

    code = "task_not_retryable"


class OperationOver(DucklineError):
    """The operation was undone, or began too long ago: begin a new one."""

    code = "operation_over"


class UndoNotFound(DucklineError):
    """The time to undo it is over, it is undone already, or there never was such an operation."""

    code = "undo_not_found"


class QueueRefuses(DucklineError):
    """A queue takes no tasks from outside now; try again after `retry_after_s` seconds.

    Nothing was stored. What was accepted before goes on, and may submit what follows from it.
    """

    code = "queue_refuses"

    def __init__(self, detail: str, retry_after_s: int = 30) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class QueueDraining(QueueRefuses):
    """An operator drains the queue."""

    code = "queue_draining"

    @classmethod
    def of(cls, queue: str) -> "QueueDraining":
        """Return the error of a submit to this queue."""
        return cls(f"Queue '{queue}' is draining: it accepts no tasks until it is resumed.")


class QueueFull(QueueRefuses):
    """As many tasks wait as QUEUE_MAX_WAITING lets a caller add to."""

    code = "queue_full"


class MemoryLow(QueueRefuses):
    """Redis has used the share of its memory that QUEUE_MAX_MEMORY leaves to this queue."""

    code = "memory_low"


class QueueUnavailable(DucklineError):
    """Redis is away, loading, read-only or full; try again after `retry_after_s` seconds.

    `detail` is for callers; `cause`, which may name hosts and paths, and `address`, the URL of the
    settings without its credentials, are for the operator's log.
    Without `answered` Redis may have run the command, and its answer was lost; after a submit,
    `task_id` is then the id to ask for.
    """

    code = "queue_unavailable"

    def __init__(
        self,
        detail: str,
        cause: str = "",
        retry_after_s: int = 2,
        *,
        answered: bool = True,
        address: str = "",
    ) -> None:
        super().__init__(detail)
        self.answered = answered
        self.task_id: str | None = None
        self.cause, self.address = cause or detail, address
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        """Return the text for the caller's own log: it also says which address was tried."""
        cause = "" if self.cause == self.detail else self.cause
        place = f"({self.address})" if self.address else ""
        return " ".join(part for part in (self.detail, cause, place) if part)


class ServiceBusy(QueueUnavailable):
    """This process has as many calls of Redis under way as it may; Redis itself may be healthy.

    Nothing was sent. It is no outage: a caller that can wait tries again.
    """

    code = "service_busy"
