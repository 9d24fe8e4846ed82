"""The schemas of failure groups and their retry."""

from datetime import datetime

from pydantic import BaseModel, Field

from web.http.models import Inbound, Outbound
from web.http.parameters import Limit, Query, QueueName, Switch
from web.operations.operator import Reason


class FailuresQuery(Query):
    """The parameters of `GET /api/failures`."""

    queue: QueueName | None = Field(
        default=None, description="Only tasks of this queue; the counts are those of this queue."
    )
    type: str | None = Field(
        default=None, max_length=200, description="Only groups with tasks of this type."
    )
    limit: Limit = Field(default=50, ge=1, le=500, description="The most groups to return.")
    samples: Switch = Field(
        default=True, description="`false` returns null samples, which makes the answer smaller."
    )


class FailurePath(BaseModel):
    fingerprint: str = Field(description="The fingerprint of a group.")


class FailureGroupView(Outbound):
    """Failed tasks with one cause. `GET /api/tasks?q=cause:<fingerprint>` lists them."""

    fingerprint: str
    error_type: str = Field(description="The type of the exception, or of another failure.")
    message: str = Field(description="The error without numbers, ids and quoted text.")
    frame: str = Field(
        description="`file:function` in the task's own code that raised it, or empty."
    )
    task_types: list[str]
    queues: list[QueueName]
    count: int = Field(description="Failed tasks of the group that still exist.")
    retryable: int = Field(description="How many of them were not retried yet.")
    first_seen: datetime
    last_seen: datetime
    trend: list[int] = Field(
        min_length=24, max_length=24, description="Failures per hour, the current hour last."
    )
    sample_task_id: str | None = Field(description="The task that failed most recently.")
    sample_error: str | None
    sample_traceback: str | None


class FailureList(Outbound):
    """Groups, the one seen most recently first."""

    groups: list[FailureGroupView]
    ungrouped: int = Field(
        description="Failed tasks whose group was evicted because too many others failed since."
    )


class FailureRetryBody(Inbound):
    """Which tasks of a group to retry, and why."""

    limit: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="The most tasks to retry, oldest first; null: all.",
    )
    reason: Reason = None
    operation_id: str | None = Field(
        default=None,
        max_length=100,
        description="The `operation_id` of the previous answer, to continue that operation.",
    )


class FailuresRetried(Outbound):
    """What this request retried. Repeat the request while something is `left`."""

    fingerprint: str
    retried: int
    left: int = Field(description="Tasks of the group that can still be retried.")
    operation_id: str
