"""The schemas of tasks and task types.

The payload models of single task types are not here: they come from the registered functions.
"""

from datetime import datetime
from typing import Any, Literal, cast

from pydantic import BaseModel, Field

import huey_tasks as tq
from web.http.models import Inbound, Outbound
from web.http.parameters import Instant, Query, QueueName, Seconds, TaskId

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


class SubmitBody(Inbound):
    """One submission."""

    task_type: str = Field(description="The registered name of the function to run.")
    priority: str = Field(
        default=cast(str, None),
        description="The queue; the default is that of the task type.",
        json_schema_extra={"enum": ["high", "default", "low"]},
    )
    payload: dict[str, Any] = Field(description="The keyword arguments of the function.")
    tags: list[str] = Field(default=[], description="Up to ten labels to search for.")
    delay: float | None = Field(
        default=None, description="Seconds until it may start: 0 to a year."
    )
    run_at: Instant | None = Field(
        default=None,
        description="The time from which it may start, with a zone; not beside `delay`.",
    )
    expires_in: float | None = Field(
        default=None,
        description="Seconds from now within which it must start; or it ends as EXPIRED.",
    )


class Submitted(Outbound):
    """The answer to submit: the task is stored and will reach a terminal state."""

    task_id: TaskId
    status: tq.TaskState
    priority: QueueName
    message: str


class Cancelled(Outbound):
    """The answer to cancel."""

    task_id: TaskId
    status: Literal["revoked"] = "revoked"


class Retried(Outbound):
    """The answer to retry: the new task."""

    task_id: TaskId = Field(description="The new task.")
    status: tq.TaskState
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


class TaskView(Outbound):
    """One task. Times are RFC 3339 in UTC; absent values are null."""

    task_id: TaskId
    status: tq.TaskState
    task_type: str
    queue: QueueName
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


class TaskDetail(TaskView):
    """One task, with its log lines and attempts."""

    log: list[LogLineView]
    attempts: list[AttemptView] = Field(
        description="Oldest first: the last 50 that failed or were lost, and the one that runs or "
        "succeeded."
    )


class TaskTypeView(Outbound):
    """A registered function."""

    task_type: str
    queue: QueueName
    description: str
    retries: int
    retry_delay_s: float | None = Field(
        description="Seconds before the first retry; null if the delays are a list or computed."
    )
    retry_backoff: float | None = Field(
        description="How many times as long each further delay is; null as above."
    )
    retry_delays_s: tuple[float, ...] | None = Field(
        description="Seconds before each retry, the first ten, without jitter; null if a function "
        "of the task type computes them."
    )
    retry_on: tuple[str, ...] | None = Field(
        description="The exception types that are retried; null for every one."
    )
    no_retry_on: tuple[str, ...] = Field(description="The exception types that are never retried.")
    timeout_s: float | None
    payload_schema: dict[str, Any] = Field(
        serialization_alias="schema", description="JSON Schema of the payload."
    )
    example: dict[str, Any]


class TaskTypeList(Outbound):
    task_types: list[TaskTypeView]
