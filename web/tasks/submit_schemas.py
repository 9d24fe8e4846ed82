"""The schemas of what a caller submits or changes, and of the answers to it."""

from datetime import datetime
from typing import Any, cast

from pydantic import Field, field_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

import huey_tasks as tq
from web.http.models import Inbound, Outbound
from web.http.parameters import IfUpdatedAt, Instant, StoredQueueName, Tag, TaskId
from web.operations.operator import Reason


class SubmitBody(Inbound):
    """One submission."""

    task_type: str = Field(description="The registered name of the function to run.")
    priority: str = Field(
        default=cast(str, None),
        description="The queue; the default is that of the task type.",
        json_schema_extra={"enum": list(tq.QUEUES)},
    )
    payload: dict[str, Any] = Field(description="The keyword arguments of the function.")
    tags: list[Tag] = Field(
        default=[],
        description="Up to ten labels to search for.",
        json_schema_extra={"maxItems": 10},
    )
    delay: float | None = Field(
        default=None,
        description="Seconds until it may start: 0 to a year.",
        json_schema_extra={"minimum": 0, "maximum": 31_622_400},
    )
    run_at: Instant | None = Field(
        default=None,
        description="The time from which it may start, with a zone; not beside `delay`.",
    )
    expires_in: float | None = Field(
        default=None,
        description="Seconds from now within which it must start; or it ends as EXPIRED.",
        json_schema_extra={"minimum": 0.001, "maximum": 31_622_400},
    )
    queue_priority: int | None = Field(
        default=None,
        description="From -100 to 100: within its queue a task of a higher one starts first.",
        json_schema_extra={"minimum": -100, "maximum": 100},
    )
    unique_for: float | None = Field(
        default=None,
        description="Seconds for which the task is unique while it has not ended: the submit of "
        "another one is answered with this one, as `duplicate_of`.",
        json_schema_extra={"minimum": 1, "maximum": 31_622_400},
    )
    unique_key: str | None = Field(
        default=None,
        description="What makes a task of its type unique; the default is the payload.",
    )
    webhook_url: str | None = Field(
        default=None,
        description="Where the end of the task is posted to, signed after Standard Webhooks with "
        "the secret of the webhook `tasks`.",
    )

    def options(self, idempotency_key: str | None = None, caller: str = "") -> tq.SubmitOptions:
        """What it says beside type, payload and queue, and the key that it was sent with."""
        once = tq.once_of(idempotency_key, self.unique_for, self.unique_key, caller)
        return tq.SubmitOptions(
            tuple(self.tags),
            self.delay,
            self.run_at,
            self.expires_in,
            self.queue_priority,
            once,
            self.webhook_url,
            caller,
        )


class ChangeBody(Inbound):
    """What to change of a task that waits; what is absent stays."""

    payload: dict[str, Any] = Field(
        default=cast(Any, None), description="The whole payload: it replaces the other."
    )
    delay: float = Field(
        default=cast(float, None),
        description="Seconds from now until it may start; 0 for now.",
        json_schema_extra={"minimum": 0, "maximum": 31_622_400},
    )
    run_at: Instant = Field(
        default=cast(datetime, None),
        description="The time from which it may start, with a zone; not beside `delay`.",
    )
    queue_priority: int = Field(
        default=cast(int, None),
        description="From -100 to 100: its order within its queue, which stays the same.",
        json_schema_extra={"minimum": -100, "maximum": 100},
    )
    tags: list[Tag] = Field(
        default=cast(Any, None),
        description="All of its tags: they replace the others.",
        json_schema_extra={"maxItems": 10},
    )
    if_updated_at: IfUpdatedAt = None
    reason: Reason = None
    # Accepted here only to be refused with a message of our own.
    priority: SkipJsonSchema[Any] = None
    queue: SkipJsonSchema[Any] = None

    @field_validator("priority", "queue")
    @classmethod
    def _stays(cls, value: Any) -> Any:
        raise PydanticCustomError(
            "fixed",
            "A waiting task stays in its queue: cancel it and submit it to the other one; its order"
            " within the queue is 'queue_priority', a number",
        )


class Submitted(Outbound):
    """The answer to submit: the task is stored and will reach a terminal state."""

    task_id: TaskId
    status: tq.TaskState
    priority: StoredQueueName
    message: str
    duplicate_of: TaskId | None = Field(
        default=None,
        description="Nothing was stored: this task, which has not ended, is the same unique task.",
    )


class Forecast(Outbound):
    """The answer to submit with `dry_run`: what would happen now; nothing is stored."""

    task_type: str
    status: tq.TaskState
    priority: StoredQueueName
    message: str
    duplicate_of: TaskId | None = Field(description="The task that would be answered.")
    summary: str = Field(description="Why it would not start at once, or that it would.")
    position: int | None = Field(description="Its position in its queue, from 1.")
    estimated_start_at: datetime | None
    estimate: str = Field(description="The basis of the estimate, or why there is none.")
