"""What goes in and out over HTTP, as pydantic models; the OpenAPI document is made from them.

A model here is the JSON, field for field; the records of `huey_tasks` are read into it by
attribute. Payloads of single task types are not here: their models come from the registered
functions. What is said of queues, consumers and Redis is in `stack_schemas`, what stands in an
address in `parameters`.
"""

from datetime import datetime
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

import huey_tasks as tq
from web.http.parameters import QueueName, TaskId


class Inbound(BaseModel):
    """Anything a caller sends: no field that is not known, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Outbound(BaseModel):
    """Anything we send, read from a record by attribute."""

    model_config = ConfigDict(from_attributes=True, ser_json_bytes="base64")


class SubmitBody(Inbound):
    """One submission."""

    task_type: str = Field(description="The registered name of the function to run.")
    priority: str = Field(
        default=cast(str, None),
        description="The queue; without it, the one that the task type names.",
        json_schema_extra={"enum": ["high", "default", "low"]},
    )
    payload: dict[str, Any] = Field(description="The keyword arguments of the function.")
    tags: list[str] = Field(
        default=[], description="Up to ten words by which the task can be found."
    )


class Submitted(Outbound):
    """The answer to submit: the task is in Redis and will reach a terminal state."""

    task_id: TaskId
    status: tq.TaskState
    priority: QueueName
    message: str


class Cancelled(Outbound):
    """The answer to cancel."""

    task_id: TaskId
    status: Literal["revoked"] = "revoked"


class Retried(Outbound):
    """The answer to retry: the new task that follows from the old one."""

    task_id: TaskId = Field(description="The new task.")
    status: tq.TaskState
    retry_of: TaskId = Field(description="The old task.")
    message: str


class ProgressView(Outbound):
    """How far an attempt says it is."""

    fraction: float = Field(description="From 0 to 1.")
    text: str


class LogLineView(Outbound):
    """One line that the task logged."""

    at: datetime
    level: str
    text: str


class TaskView(Outbound):
    """One task. Times are RFC 3339 in UTC; what is absent is null."""

    task_id: TaskId
    status: tq.TaskState
    task_type: str
    queue: QueueName
    payload: dict[str, Any]
    result: Any
    result_note: str | None = Field(
        description="What of the result is replaced, because JSON cannot carry it."
    )
    error: str | None
    traceback: str | None
    attempt: int = Field(description="Executions begun so far.")
    max_attempts: int
    deliveries: int = Field(description="How often a worker was given the task.")
    crashes: int = Field(description="How often a worker died with it.")
    losses: int = Field(description="How often a whole consumer was lost with it.")
    progress: ProgressView | None
    submitted_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    next_retry_at: datetime | None
    scheduled_for: datetime | None
    worker: str | None
    stop_confirmed: bool | None = Field(
        description="Of a task that was cancelled while it ran: whether its worker is free of it."
    )
    retry_of: str | None = Field(description="The task that this one was made from by a retry.")
    retried_as: str | None = Field(description="The task that a retry made from this one.")
    gate: str | None = Field(description="The task that follows when this one and others ended.")
    cause: str | None = Field(description="The group of failures that it belongs to.")
    tags: list[str]
    schedule: str | None = Field(description="The schedule that has made it.")


class AttemptView(Outbound):
    """One attempt of a task."""

    attempt: int
    state: Literal["STARTED", "SUCCESS", "RETRY", "FAILURE", "REVOKED", "CRASHED", "LOST"] = Field(
        description="RETRY and FAILURE: it raised; REVOKED: cancelled while it ran; CRASHED: its "
        "worker died; LOST: its whole consumer did. The last two are not counted: the next has "
        "the same number."
    )
    started_at: datetime | None
    ended_at: datetime | None
    worker: str | None
    error: str | None
    traceback: str | None = Field(description="Kept as long as a result.")


class TaskDetail(TaskView):
    """One task, with the lines it logged and its attempts."""

    log: list[LogLineView]
    attempts: list[AttemptView] = Field(
        description="The oldest first: all that failed or were lost, but no more than the last 50, "
        "and the one that runs or succeeded."
    )


class TaskTypeView(Outbound):
    """A registered function."""

    task_type: str
    queue: QueueName
    description: str
    retries: int
    retry_delay_s: float
    retry_backoff: float
    timeout_s: float | None
    payload_schema: dict[str, Any] = Field(
        serialization_alias="schema", description="JSON Schema of the payload."
    )
    example: dict[str, Any]


class TaskTypeList(Outbound):
    task_types: list[TaskTypeView]


class FieldError(BaseModel):
    """One thing that is wrong, and where (RFC 6901)."""

    pointer: str
    code: str
    message: str


class ProblemView(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[FieldError] = Field(default=[], description="Only in a 422.")
    reasons: list[str] = Field(default=[], description="Only when the service is not healthy.")
    task_id: str | None = Field(
        default=None, description="Of a submit whose answer from Redis was lost: the id to ask for."
    )
