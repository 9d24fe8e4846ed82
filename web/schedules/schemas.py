"""The schemas of schedules."""

from datetime import datetime
from typing import Any, cast

from pydantic import Field, field_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

import huey_tasks as tq
from web.http.models import Inbound, Outbound
from web.http.parameters import IfUpdatedAt, Instant, Query, QueueName, Tag
from web.operations.operator import Reason

_CRON = Field(
    default=None,
    max_length=100,
    description="Five fields: minute, hour, day of month, month, day of week. Required, unless "
    "`every_s` or `run_at` is set.",
    examples=["0 3 * * *"],
)
_EVERY_S = Field(
    default=None,
    ge=1,
    le=31_536_000,
    description="Seconds between due times, counted from the start of the schedule, without drift.",
)
_TIMEZONE = Field(
    default=None,
    max_length=64,
    description="The time zone of `cron`, such as `Europe/Berlin`; the default is UTC.",
)
_OVERLAP = "False: a run is skipped while the previous one has not ended."


class PlanBody(Inbound):
    """When a schedule is due."""

    cron: str | None = _CRON
    every_s: float | None = _EVERY_S
    timezone: str | None = _TIMEZONE
    run_at: Instant | None = Field(
        default=None, description="Instead: the one time that it is due, with a zone."
    )


class SchedulePutBody(PlanBody):
    """What a schedule is to be; absent fields have their defaults."""

    task_type: str = Field(description="The registered name of the function to run.")
    priority: str = Field(
        default=cast(str, None),
        description="The queue; the default is that of the task type.",
        json_schema_extra={"enum": list(tq.QUEUES)},
    )
    payload: dict[str, Any] = Field(
        default={}, description="The keyword arguments of the function; at most 16 kB."
    )
    tags: list[Tag] = Field(
        default=[],
        description="Up to ten labels for each of its tasks.",
        json_schema_extra={"maxItems": 10},
    )
    overlap: bool = Field(default=True, description=_OVERLAP)
    paused: bool | None = Field(
        default=None, description="Absent: it stays paused or not, as it is; a new one is not."
    )
    reason: Reason = None


class ScheduleBody(SchedulePutBody):
    """A new schedule."""

    name: str = Field(
        description="1 to 100 letters, digits, dots, underscores and hyphens; unique.",
        json_schema_extra={"pattern": "^[A-Za-z0-9._-]{1,100}$"},
    )
    paused: bool = Field(default=False, description="Whether it starts paused.")  # pyright: ignore


class ScheduleChangeBody(PlanBody):
    """The changes; absent and null fields stay as they are."""

    payload: dict[str, Any] | None = Field(default=None, description="The whole new payload.")
    tags: list[Tag] | None = Field(
        default=None, description="All new tags.", json_schema_extra={"maxItems": 10}
    )
    overlap: bool | None = Field(default=None, description=_OVERLAP)
    paused: bool | None = Field(default=None, description="A paused schedule is never due.")
    if_updated_at: IfUpdatedAt = None
    reason: Reason = None
    # Accepted here only to be refused with a message of our own.
    name: SkipJsonSchema[Any] = None
    task_type: SkipJsonSchema[Any] = None
    task: SkipJsonSchema[Any] = None
    priority: SkipJsonSchema[Any] = None
    queue: SkipJsonSchema[Any] = None

    @field_validator("name", "task_type", "task", "priority", "queue")
    @classmethod
    def _is_fixed(cls, value: Any) -> Any:
        raise PydanticCustomError(
            "fixed", "This cannot change: PUT the whole schedule, or create one of another name"
        )

    def changes(self) -> tq.ScheduleChanges:
        """Return the changes as a record of `huey_tasks`."""
        return tq.ScheduleChanges(
            payload=self.payload,
            tags=self.tags,
            cron=self.cron,
            every_s=self.every_s,
            timezone=self.timezone,
            run_at=self.run_at,
            overlap=self.overlap,
            paused=self.paused,
        )


class PreviewView(Outbound):
    """A trigger in words."""

    words: str
    next_runs: list[datetime] = Field(description="The next five due times.")


class ScheduleView(Outbound):
    """A schedule. Times are RFC 3339 in UTC; absent values are null."""

    name: str
    task_type: str
    queue: QueueName
    payload: dict[str, Any]
    tags: list[str]
    cron: str | None
    every_s: float | None
    timezone: str
    run_at: datetime | None = Field(description="When it is due, if that is once.")
    overlap: bool
    declared: bool = Field(
        description="Whether it is declared in code, which each start of a consumer restores."
    )
    paused: bool
    words: str = Field(description="The trigger in words.")
    next_run_at: datetime | None = Field(description="Null while it is paused.")
    next_runs: list[datetime] = Field(
        description="The next five due times; empty while it is paused."
    )
    last_run_at: datetime | None
    last_task_id: str | None
    last_status: tq.TaskState | None = Field(
        description="The state of that task; null when the task has expired."
    )
    runs: int = Field(description="Tasks submitted so far.")
    skipped: int = Field(description="Due times at which the previous run had not ended.")
    missed: int = Field(
        description="Due times that passed without a consumer, not counting the one that a late "
        "run caught up."
    )
    problem: str | None = Field(description="Why the last due time submitted no task.")
    created_at: datetime
    updated_at: datetime


class ScheduleList(Outbound):
    """Schedules: the next due first, paused ones last."""

    schedules: list[ScheduleView]


class SchedulePath(Query):
    name: str = Field(description="The name of a schedule.")
