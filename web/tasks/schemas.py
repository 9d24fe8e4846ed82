"""The schemas of tasks; `type_schemas` has those of task types.

The payload models of single task types are not here: they come from the registered functions.
"""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

import huey_tasks as tq
from web.http.models import Outbound
from web.http.parameters import Query, QueueName, Seconds, TaskId

#: A request waits no longer than this for the end of a task, in seconds.
MAX_WAIT_S = 30


class TaskPath(BaseModel):
    task_id: TaskId = Field(description="The id that submit returned.")


class WaitQuery(Query):
    wait: Seconds = Field(
        default=0,
        ge=0,
        le=MAX_WAIT_S,
        description="Seconds to wait for the end of the task before answering.",
    )


class Cancelled(Outbound):
    """The answer to cancel."""

    task_id: TaskId
    status: Literal["revoked"] = Field(
        default="revoked", description="In small letters here alone: the state is `REVOKED`."
    )


class Retried(Outbound):
    """The answer to retry: the new task."""

    task_id: TaskId = Field(description="The new task.")
    status: tq.TaskState
    priority: QueueName = Field(description="The queue of the new task.")
    retry_of: TaskId = Field(description="The old task.")
    message: str


class ProgressView(Outbound):
    """The progress that an attempt reported."""

    fraction: float = Field(description="From 0 to 1.")
    text: str


class LogLineView(Outbound):
    """One log line of a task."""

    at: datetime
    level: str
    text: str


class PartialResultView(Outbound):
    """A value that a running attempt has emitted."""

    attempt: int
    at: datetime
    value: Any
    note: str | None = Field(description="What is replaced in the value, and why.")


class TaskView(Outbound):
    """One task. Times are RFC 3339 in UTC; absent values are null."""

    task_id: TaskId
    status: tq.TaskState
    task_type: str
    queue: QueueName
    queue_priority: int = Field(
        description="From -100 to 100: within its queue a task of a higher one starts first."
    )
    payload: dict[str, Any]
    result: Any
    result_note: str | None = Field(
        description="What was replaced in the result because JSON cannot represent it."
    )
    error: str | None
    traceback: str | None
    attempt: int = Field(description="Attempts started so far.")
    max_attempts: int
    deliveries: int = Field(description="How often a worker claimed the task.")
    crashes: int = Field(description="How often a worker died while it ran the task.")
    losses: int = Field(description="How often a consumer died while it held the task.")
    progress: ProgressView | None
    submitted_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    next_retry_at: datetime | None
    scheduled_for: datetime | None
    worker: str | None
    stop_confirmed: bool | None = Field(
        description="Of a task cancelled while it ran: whether its worker has stopped it."
    )
    retry_of: str | None = Field(description="The task of which this one is a retry.")
    retried_as: str | None = Field(description="The task that a retry of this one created.")
    gate: str | None = Field(
        description="The callback of the chord: the task that starts when all members have ended."
    )
    cause: str | None = Field(description="The fingerprint of its failure group.")
    tags: list[str]
    schedule: str | None = Field(description="The schedule that submitted it.")
    flow_id: str | None = Field(description="The flow that it is a node of.")
    submitted_by: str | None = Field(
        description="The name of the API key that came with the submit; a retry keeps it."
    )


class ReceiptView(Outbound):
    """What one invocation of a function has used."""

    queue_ms: float | None = Field(
        default=None, description="From the submit to the start; null from the second attempt on."
    )
    init_ms: float | None = Field(description="The import of the function; null if it was warm.")
    duration_ms: float
    billed_ms: int
    cpu_ms: float | None
    memory_mb: int = Field(description="The limit.")
    max_memory_mb: int | None = Field(description="The most that it used.")
    cold: bool
    environment: str
    version: str


class InvocationView(Outbound):
    """How a function was invoked."""

    type: Literal["RequestResponse", "Event"] = Field(validation_alias="kind")
    arn: str
    condition: (
        Literal["Success", "RetriesExhausted", "EventAgeExceeded", "ZeroReservedConcurrency"] | None
    ) = Field(default=None, description="Why an Event has ended; null before, and otherwise.")
    depth: int = Field(default=0, description="The invocations that led here.")


class AttemptView(Outbound):
    """One attempt of a task."""

    attempt: int
    state: Literal["STARTED", "SUCCESS", "RETRY", "FAILURE", "REVOKED", "CRASHED", "LOST"] = Field(
        description="RETRY and FAILURE: it raised an exception; REVOKED: it was cancelled while it "
        "ran; CRASHED: its worker died; LOST: its consumer died. CRASHED and LOST attempts do not "
        "count: the next one has the same number."
    )
    started_at: datetime | None
    ended_at: datetime | None
    worker: str | None
    error: str | None
    traceback: str | None = Field(description="Kept as long as a result.")
    receipt: ReceiptView | None = Field(description="Only of a function that ran.")


class TaskDetail(TaskView):
    """One task, with its log lines and attempts."""

    updated_at: datetime = Field(
        description="When somebody last changed it by PATCH; at first when it was submitted."
    )
    reported: dict[str, Any] | None = Field(
        description="The error of a function, as AWS reports it: errorType, errorMessage, …"
    )
    invocation: InvocationView | None = Field(description="Only of a function.")
    log: list[LogLineView]
    partial_results: list[PartialResultView] = Field(
        description="What it has emitted while it ran: the last 500."
    )
    attempts: list[AttemptView] = Field(
        description="Oldest first: the last 50 that failed or were lost, and the one that runs or "
        "succeeded."
    )

    @model_validator(mode="after")
    def _complete_function(self) -> Self:
        """Add what follows from other fields; a task of another kind has none of it."""
        if self.invocation is not None and self.invocation.type == "Event":
            self.invocation.condition = _condition(self)
        first = self.attempts[0] if self.attempts else None
        if first and first.attempt == 1 and first.receipt and first.started_at:
            waited = first.started_at - self.submitted_at
            first.receipt.queue_ms = max(round(waited.total_seconds() * 1000, 2), 0)
        return self


def _condition(task: TaskDetail) -> Any:
    if task.status == tq.TaskState.SUCCESS:
        return "Success"
    if task.status != tq.TaskState.FAILURE:
        return None
    kind = (task.reported or {}).get("errorType")
    if kind in ("EventAgeExceeded", "ZeroReservedConcurrency"):
        return kind
    return "RetriesExhausted" if task.attempt >= task.max_attempts else "EventAgeExceeded"
