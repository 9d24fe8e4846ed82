"""Failures over HTTP: the groups, what a retry of one takes and answers."""

from datetime import datetime

from pydantic import BaseModel, Field

from web.http.parameters import Limit, Query, QueueName, Switch
from web.operations.operator import Reason
from web.tasks.schemas import Inbound, Outbound


class FailuresQuery(Query):
    """What `GET /api/failures` takes."""

    queue: QueueName | None = Field(
        default=None, description="Only this queue's tasks; the numbers are those of it alone."
    )
    type: str | None = Field(
        default=None, max_length=200, description="Only groups with tasks of this type."
    )
    limit: Limit = Field(default=50, ge=1, le=500, description="At most so many groups.")
    samples: Switch = Field(
        default=True, description="`false` leaves the samples null, which makes the answer small."
    )


class FailurePath(BaseModel):
    fingerprint: str = Field(description="The fingerprint of a group.")


class FailureGroupView(Outbound):
    """Failed tasks with one cause. `GET /api/tasks?q=cause:<fingerprint>` lists them."""

    fingerprint: str
    error_type: str = Field(description="The type of the exception, or what else befell the task.")
    message: str = Field(description="The error without numbers, ids and quotations.")
    frame: str = Field(
        description="`file:function` of the task's own code where it was raised, or empty."
    )
    task_types: list[str]
    queues: list[QueueName]
    count: int = Field(description="Failed tasks of the group that are kept.")
    retryable: int = Field(description="Those of them that nobody has retried.")
    first_seen: datetime
    last_seen: datetime
    trend: list[int] = Field(
        min_length=24, max_length=24, description="Failures by the hour, the present one last."
    )
    sample_task_id: str | None = Field(description="The task of the group that failed last.")
    sample_error: str | None
    sample_traceback: str | None


class FailureList(Outbound):
    """Groups, the one seen last first."""

    groups: list[FailureGroupView]
    ungrouped: int = Field(
        description="Failed tasks in no group: too many others have failed since."
    )


class FailureRetryBody(Inbound):
    """Which of a group to retry, and why."""

    limit: int | None = Field(
        default=None, ge=1, le=1_000_000, description="Only so many, the oldest; null: all."
    )
    reason: Reason = None
    operation_id: str | None = Field(
        default=None, max_length=100, description="That of the answer before, to go on with it."
    )


class FailuresRetried(Outbound):
    """What this request has retried. While something is left, ask again."""

    fingerprint: str
    retried: int
    left: int = Field(description="Tasks of the group that can still be retried.")
    operation_id: str
