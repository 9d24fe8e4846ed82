"""What goes in and out over HTTP, as pydantic models; the OpenAPI document is made from them.

A model here is the JSON, field for field; the records of `huey_tasks` are read into it by
attribute. `respond` writes one. Payloads of single task types are not here: their models come
from the registered functions.
"""

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, cast

from flask import Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

import huey_tasks as tq

_TASK_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_EXAMPLE_ID = "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"


def _known_form(task_id: str) -> str:
    if not re.fullmatch(_TASK_ID, task_id):
        raise tq.TaskNotFound("No task has such an id: ids are UUIDs in lower case.")
    return task_id


def _digits(value: object) -> object:
    # pydantic would also read " 5 ", "5.0" and "1_0" as numbers.
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,10}", value):
        raise PydanticCustomError("whole_number", "A whole number is needed")
    return value


#: An id in the one form that is served; any other form is a 404, as an unknown id is.
TaskId = Annotated[
    str,
    AfterValidator(_known_form),
    WithJsonSchema({"type": "string", "format": "uuid", "example": _EXAMPLE_ID}),
]
QueueName = Literal["high", "default", "low"]
Limit = Annotated[int, BeforeValidator(_digits)]


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


class TaskPath(BaseModel):
    task_id: TaskId = Field(description="The id that submit answered.")


class TaskQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    state: tq.TaskState | None = Field(default=None, description="Only tasks in this state.")
    queue: QueueName | None = Field(default=None, description="Only tasks of this queue.")
    limit: Limit = Field(default=50, ge=1, le=200, description="At most so many tasks.")


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
    error: str | None
    traceback: str | None
    attempt: int = Field(description="Executions begun so far.")
    max_attempts: int
    deliveries: int = Field(description="How often a worker was given the task.")
    crashes: int = Field(description="How often a worker died with it.")
    progress: ProgressView | None
    submitted_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    next_retry_at: datetime | None
    scheduled_for: datetime | None
    worker: str | None


class TaskDetail(TaskView):
    """One task, with the lines it logged."""

    log: list[LogLineView]


class TaskList(Outbound):
    """Tasks, newest submission first."""

    tasks: list[TaskView]


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


class QueueView(Outbound):
    """One queue, in numbers."""

    queue: QueueName
    queued: int = Field(description="Tasks that wait in the queue.")
    active: int = Field(description="Tasks that run now.")
    scheduled: int
    retry: int
    success: int
    failed: int
    revoked: int
    expired: int
    consumers: int = Field(description="Live consumers.")
    workers: int = Field(description="Worker slots of the live consumers.")
    oldest_waiting_s: float | None


class QueueList(Outbound):
    queues: list[QueueView]


class StatsView(Outbound):
    """The whole service in numbers; also the frame of `/ws/stats`, which adds `ts`."""

    queued_high: int
    queued_default: int
    queued_low: int
    active_tasks: int
    failed_tasks: int
    success_tasks: int
    workers_online: int = Field(description="Live consumers.")
    scheduled_tasks: int
    retry_tasks: int
    revoked_tasks: int
    expired_tasks: int
    queues: list[QueueView]


class WorkerView(Outbound):
    """One slot of a consumer."""

    worker: str
    pid: int
    task_id: str | None
    task_type: str | None
    attempt: int | None
    started_at: datetime | None


class ConsumerView(Outbound):
    """The process group that serves one queue."""

    consumer: str
    queue: QueueName
    host: str
    pid: int
    worker_type: str
    concurrency: int
    started_at: datetime
    last_seen_at: datetime
    workers: list[WorkerView]


class ConsumerList(Outbound):
    consumers: list[ConsumerView]


class QueueHealth(Outbound):
    consumers: int


class Health(Outbound):
    """Everything is there to do work."""

    status: Literal["ok"] = "ok"
    redis: Literal["ok"] = "ok"
    queues: dict[str, QueueHealth]
    reasons: list[str]


class RedisView(Outbound):
    """What the Redis server says of itself."""

    redis: dict[str, str | int | float | bool | None]


class SettingView(Outbound):
    name: str
    value: str
    unit: str
    description: str


class SettingList(Outbound):
    settings: list[SettingView]


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


def respond(
    view: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Write `view` as the JSON answer."""
    return Response(to_json(view), status, dict(headers or {}), mimetype="application/json")


def to_json(view: BaseModel, **extra: Any) -> str:
    """Write `view`, and the members of `extra`, as one JSON object."""
    return write_json({**view.model_dump(mode="json", by_alias=True), **extra})


def write_json(value: dict[str, Any]) -> str:
    """Write `value` as JSON that every reader takes.

    A result may hold NaN or an infinity, which JSON cannot: these become null.
    """
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except ValueError:
        return json.dumps(_without_nan(value), allow_nan=False, separators=(",", ":"))


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in cast(dict[str, Any], value).items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in cast(list[Any], value)]
    return value
