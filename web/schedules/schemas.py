"""What goes in and out of schedules, as pydantic models."""

from datetime import datetime
from typing import Any, cast

from pydantic import Field, field_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

import huey_tasks as tq
from web.http.parameters import Query, QueueName
from web.operations.operator import Reason
from web.tasks.schemas import Inbound, Outbound

_CRON = Field(
    default=None,
    max_length=100,
    description="Five fields: minute, hour, day of month, month, day of week. Either this or "
    "`every_s`.",
    examples=["0 3 * * *"],
)
_EVERY_S = Field(
    default=None,
    ge=1,
    le=31_536_000,
    description="Seconds from one due time to the next, from its begin on; without drift.",
)
_TIMEZONE = Field(
    default=None, max_length=64, description="Of `cron`: a name such as `Europe/Berlin`; else UTC."
)
_OVERLAP = "False: a run is skipped while the one before has not ended."


class PlanBody(Inbound):
    """When something is due."""

    cron: str | None = _CRON
    every_s: float | None = _EVERY_S
    timezone: str | None = _TIMEZONE


class ScheduleBody(PlanBody):
    """A new schedule."""

    name: str = Field(
        description="1 to 100 letters, digits, dots, underscores and hyphens; unique.",
        json_schema_extra={"pattern": "^[A-Za-z0-9._-]{1,100}$"},
    )
    task_type: str = Field(description="The registered name of the function to run.")
    priority: str = Field(
        default=cast(str, None),
        description="The queue; without it, the one that the task type names.",
        json_schema_extra={"enum": ["high", "default", "low"]},
    )
    payload: dict[str, Any] = Field(
        default={}, description="The keyword arguments of the function; at most 16 kB."
    )
    tags: list[str] = Field(default=[], description="Up to ten words for each of its tasks.")
    overlap: bool = Field(default=True, description=_OVERLAP)
    paused: bool = Field(default=False, description="Whether it waits for a PATCH to begin.")
    reason: Reason = None


class ScheduleChangeBody(PlanBody):
    """What is to become different; what is not there, or null, stays as it is."""

    payload: dict[str, Any] | None = Field(default=None, description="All of it.")
    tags: list[str] | None = Field(default=None, description="All of them.")
    overlap: bool | None = Field(default=None, description=_OVERLAP)
    paused: bool | None = Field(default=None, description="A paused schedule is never due.")
    reason: Reason = None
    # Taken in to be refused in words of our own.
    name: SkipJsonSchema[Any] = None
    task_type: SkipJsonSchema[Any] = None
    priority: SkipJsonSchema[Any] = None
    queue: SkipJsonSchema[Any] = None

    @field_validator("name", "task_type", "priority", "queue")
    @classmethod
    def _is_fixed(cls, value: Any) -> Any:
        raise PydanticCustomError(
            "fixed", "This cannot change: delete the schedule and create it anew"
        )

    def changes(self) -> tq.ScheduleChanges:
        """The same for the engine."""
        return tq.ScheduleChanges(
            payload=self.payload,
            tags=self.tags,
            cron=self.cron,
            every_s=self.every_s,
            timezone=self.timezone,
            overlap=self.overlap,
            paused=self.paused,
        )


class PreviewView(Outbound):
    """What a plan means."""

    words: str
    next_runs: list[datetime] = Field(description="The next five.")


class ScheduleView(Outbound):
    """A schedule. Times are RFC 3339 in UTC; what is absent is null."""

    name: str
    task_type: str
    queue: QueueName
    payload: dict[str, Any]
    tags: list[str]
    cron: str | None
    every_s: float | None
    timezone: str
    overlap: bool
    paused: bool
    words: str = Field(description="When it runs, for people.")
    next_run_at: datetime | None = Field(description="Null while it is paused.")
    next_runs: list[datetime] = Field(description="The next five; none while it is paused.")
    last_run_at: datetime | None
    last_task_id: str | None
    last_status: tq.TaskState | None = Field(
        description="The state of that task; null when it is not kept any more."
    )
    runs: int = Field(description="Tasks made so far.")
    skipped: int = Field(description="Due times at which the run before had not ended.")
    missed: int = Field(
        description="Due times that passed while nobody was there, beyond the one late run that "
        "stands for them."
    )
    problem: str | None = Field(description="Why the last due time has made no task.")
    created_at: datetime
    updated_at: datetime


class ScheduleList(Outbound):
    """Schedules, those due next first, the paused ones last."""

    schedules: list[ScheduleView]


class SchedulePath(Query):
    name: str = Field(description="The name of a schedule.")
