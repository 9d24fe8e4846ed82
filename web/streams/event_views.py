"""What an event says, as JSON."""

from datetime import datetime
from typing import Any

from pydantic import Field

import huey_tasks as tq
from web.flows.schemas import FlowCounts, FlowStatus
from web.http.models import Outbound
from web.http.parameters import Query, QueueName, TaskId


class EventsQuery(Query):
    """The parameters of `GET /api/events`."""

    q: str = Field(
        default="",
        max_length=1000,
        description="Only events of tasks that this search finds, as `GET /api/tasks` has it; of "
        "its fields those that an event carries: state queue type tag worker id flow.",
    )


class TaskEventView(Outbound):
    """What happened to a task, and the task right after that. Absent values are null."""

    task_id: TaskId
    task_type: str
    queue: QueueName
    tags: list[str]
    flow_id: str | None = Field(description="The flow that it is a node of.")
    at: datetime
    status: tq.TaskState
    attempt: int
    max_attempts: int
    worker: str | None
    due_at: datetime | None = Field(description="Of a task that waits for its time.")
    blocked_on: str | None = Field(description="What it waits for besides a worker.")
    error: str | None = Field(description="Why it ended, or tries again.")
    detail: dict[str, Any] | None = Field(
        description="Of `attempt`: the attempt that has ended; of `progress`: fraction and text; "
        "of `log`: the line; of `partial`: the partial result."
    )


class FlowEventView(Outbound):
    """A flow is in another state."""

    flow_id: TaskId
    name: str
    at: datetime
    status: FlowStatus
    size: int = Field(description="How many nodes it has.")
    counts: FlowCounts


def event_view(event: tq.TaskEvent) -> TaskEventView | FlowEventView:
    """Return the view of an event."""
    task = event.task
    if event.kind == "flow":
        detail = event.detail or {}
        return FlowEventView(
            flow_id=event.task_id,
            name=detail["name"],
            at=event.at,
            status=detail["state"],
            size=detail["size"],
            counts=FlowCounts.model_validate(detail),
        )
    is_success = task.state == tq.TaskState.SUCCESS
    return TaskEventView(
        task_id=event.task_id,
        task_type=task.type,
        queue=event.queue,
        tags=list(task.tags),
        flow_id=task.flow_id,
        at=event.at,
        status=task.state,
        attempt=task.attempt,
        max_attempts=task.max_attempts,
        worker=task.worker,
        due_at=task.due_at,
        blocked_on=task.blocked_on,
        error=None if is_success else task.reason or None,
        detail=event.detail,
    )
