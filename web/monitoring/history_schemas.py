"""The schemas of the history, and of the log of all tasks."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

import huey_tasks as tq
from web.http.models import Outbound
from web.http.parameters import Limit, Query, QueueName
from web.tasks.schemas import LogLineView


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


Level = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper)]


class HistoryQuery(Query):
    """The parameters of `GET /api/history`."""

    span: tq.Span = Field(default=tq.Span.HOUR, description="The time span, ending now.")
    queue: QueueName | None = Field(default=None, description="Only this queue.")
    type: str | None = Field(
        default=None, min_length=1, max_length=200, description="Only tasks of this type."
    )


class LogQuery(Query):
    """The parameters of `GET /api/log`."""

    queue: QueueName | None = Field(default=None, description="Only tasks of this queue.")
    level: Level | None = Field(default=None, description="The lowest level to return.")
    type: str | None = Field(
        default=None, min_length=1, max_length=200, description="Only tasks of this type."
    )
    limit: Limit = Field(default=200, ge=1, le=1000, description="The most lines to return.")


class _Numbers(Outbound):
    submitted: int
    succeeded: int
    failed: int
    retried: int = Field(description="Failed attempts that were followed by another.")
    revoked: int
    expired: int
    wait_p50_s: float | None = Field(description="How long tasks waited in their queue.")
    wait_p95_s: float | None
    wait_p99_s: float | None
    run_p50_s: float | None = Field(description="How long attempts took.")
    run_p95_s: float | None
    run_p99_s: float | None


class PointView(_Numbers):
    """One step. Percentiles are within 20 % of the exact value; they are null without data."""

    at: datetime = Field(description="The start of the step.")
    partial: bool = Field(description="Whether the step has not ended yet; true for the last one.")
    oldest_waiting_s: float | None = Field(
        description="The longest time that a task waited without having started; null when none "
        "waited, and for a single task type."
    )


class TotalsView(_Numbers):
    """The whole span."""

    per_s: float = Field(
        description="Tasks per second that ended within the span; in a new service, since its "
        "first task."
    )
    failure_rate: float | None = Field(
        description="Failed tasks divided by those that succeeded or failed, from 0 to 1."
    )


class SeriesView(Outbound):
    """Points, oldest first, one per step."""

    points: list[PointView]
    totals: TotalsView


class QueueSeriesView(SeriesView):
    """The points of one queue."""

    queue: QueueName


class TypeTotalsView(Outbound):
    """The totals of one task type."""

    task_type: str
    totals: TotalsView


class HistoryView(Outbound):
    """Counts and durations of the last minutes, hours or days."""

    span: tq.Span
    step_s: float
    since: datetime = Field(serialization_alias="from", description="The start of the first step.")
    until: datetime = Field(serialization_alias="to", description="The end of the last step.")
    now: datetime
    all: SeriesView
    queues: list[QueueSeriesView]
    types: list[TypeTotalsView] = Field(description="Task types with any task, busiest first.")


class TaskLineView(LogLineView):
    """One log line with its task."""

    task_id: str
    task_type: str
    queue: QueueName


class LogView(Outbound):
    """The latest log lines of tasks, newest first."""

    lines: list[TaskLineView]
