"""The errors of Duckline, as one tree.

    DucklineError
    ├── ConfigError            a setting has a wrong value: the start stops
    ├── InvalidTaskType        what `@task` declares cannot work: a wrong option, name or signature
    ├── InvalidPayload         the payload does not fit the task type's parameters
    ├── InvalidQuery           a search, a cursor or a tag is not written as it must be
    ├── UnknownTaskType        no task type of that name is registered
    ├── UnknownQueue           no queue of that name exists
    ├── TaskNotFound           no task has that id
    ├── FailuresNotFound       no failure group has that fingerprint
    ├── ScheduleNotFound       no schedule has that name
    ├── ScheduleExists         a schedule has that name already
    ├── TooManySchedules       there are as many schedules as there may be
    ├── ScheduleRunning        the run before has not ended, and runs of it must not overlap
    ├── TaskFinished           the task is in a terminal state and cannot change any more
    ├── TaskFailed             a task whose result is waited for ended without success
    ├── TaskNotRetryable       the task has succeeded, or has not ended
    ├── OperationOver          an operation cannot go on: it is undone, or too old
    ├── UndoNotFound           there is nothing to undo under that id, or no more
    ├── QueueDraining          the queue takes no tasks from outside now
    └── QueueUnavailable       Redis does not take the command now; nothing was changed
        └── ServiceBusy        this process has as many calls of Redis under way as it may

Each class has a `code`, stable for programs; `web.http.problems` maps codes to HTTP statuses. An
error of the Redis client never leaves the package: `huey_tasks.broker.connection` turns it into
`QueueUnavailable`.
"""

from dataclasses import dataclass


class DucklineError(Exception):
    """Anything that Duckline refuses; `detail` says why, in a sentence for people."""

    code = "error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


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
        super().__init__("; ".join(problem.message for problem in problems[:3]))
        self.problems = problems


class UnknownTaskType(DucklineError):
    """No task type of that name is registered in this process."""

    code = "unknown_task_type"


class UnknownQueue(DucklineError):
    """The queues are `high`, `default` and `low`."""

    code = "unknown_queue"


class TaskNotFound(DucklineError):
    """No task has that id, or its record has been kept long enough and is gone."""

    code = "task_not_found"


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


class QueueDraining(DucklineError):
    """An operator drains the queue; try again later."""

    code = "queue_draining"
    retry_after_s = 30


class QueueUnavailable(DucklineError):
    """Redis is away, loading, read-only or full; try again after `retry_after_s` seconds.

    `detail` is for callers; `cause`, which may name hosts and paths, is for the operator's log.
    Without `answered` Redis may have run the command, and its answer was lost; after a submit,
    `task_id` is then the id to ask for.
    """

    code = "queue_unavailable"

    def __init__(
        self, detail: str, cause: str = "", retry_after_s: int = 2, *, answered: bool = True
    ) -> None:
        super().__init__(detail)
        self.answered = answered
        self.task_id: str | None = None
        self.cause = cause or detail
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        """Return the text for the caller's own log: it also says which address was tried."""
        return self.detail if self.cause == self.detail else f"{self.detail} {self.cause}"


class ServiceBusy(QueueUnavailable):
    """This process has as many calls of Redis under way as it may; Redis itself may be healthy.

    Nothing was sent. It is no outage: a caller that can wait tries again.
    """

    code = "service_busy"
