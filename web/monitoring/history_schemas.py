"""What has happened, and what tasks logged, over HTTP: what is asked, and the answers."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

import huey_tasks as tq
from web.http.parameters import Limit, Query, QueueName
from web.tasks.schemas import LogLineView, Outbound


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


Level = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper)]


class HistoryQuery(Query):
    """What `GET /api/history` takes."""

    span: tq.Span = Field(default=tq.Span.HOUR, description="How far back it goes.")
    queue: QueueName | None = Field(default=None, description="Only this queue.")
    type: str | None = Field(
        default=None, min_length=1, max_length=200, description="Only tasks of this type."
    )


class LogQuery(Query):
    """What `GET /api/log` takes."""

    queue: QueueName | None = Field(default=None, description="Only tasks of this queue.")
    level: Level | None = Field(default=None, description="Only lines of at least this level.")
    type: str | None = Field(
        default=None, min_length=1, max_length=200, description="Only tasks of this type."
    )
    limit: Limit = Field(default=200, ge=1, le=1000, description="At most so many lines.")


class _Numbers(Outbound):
    submitted: int
    succeeded: int
    failed: int
    retried: int = Field(description="Attempts that failed and were followed by another.")
    revoked: int
    expired: int
    wait_p50_s: float | None = Field(description="How long tasks waited in their queue.")
    wait_p95_s: float | None
    wait_p99_s: float | None
    run_p50_s: float | None = Field(description="How long attempts took.")
    run_p95_s: float | None
    run_p99_s: float | None


class PointView(_Numbers):
    """One step. Percentiles are off by less than a fifth; they are null when there is nothing."""

    at: datetime = Field(description="When the step begins.")
    partial: bool = Field(description="Whether it is not over: true of the last point.")
    oldest_waiting_s: float | None = Field(
        description="The longest wait of a task that still waited, as consumers saw it; null when "
        "none waited, and of a single task type."
    )


class TotalsView(_Numbers):
    """The whole span."""

    per_s: float = Field(
        description="Tasks that ended in each second of the span; of a younger service, since its "
        "first task."
    )
    failure_rate: float | None = Field(
        description="Failed tasks among those that succeeded or failed, from 0 to 1."
    )


class SeriesView(Outbound):
    """Points, the oldest first, one for each step."""

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
    """What has happened in the last minutes, hours or days."""

    span: tq.Span
    step_s: float
    since: datetime = Field(serialization_alias="from", description="When the first step begins.")
    until: datetime = Field(serialization_alias="to", description="When the last step ends.")
    now: datetime
    all: SeriesView
    queues: list[QueueSeriesView]
    types: list[TypeTotalsView] = Field(description="Those with any task, the busiest first.")


class TaskLineView(LogLineView):
    """One line, and the task that logged it."""

    task_id: str
    task_type: str
    queue: QueueName


class LogView(Outbound):
    """The last lines that tasks logged, the newest first."""

    lines: list[TaskLineView]
