"""The schemas of a search: its parameters and a page of results."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

import huey_tasks as tq
from web.http.models import Outbound
from web.http.parameters import Instant, Limit, Query, QueueName, Switch
from web.tasks.schemas import ProgressView

#: A state as the API or a page calls it, in any case.
StateName = Annotated[tq.TaskState, BeforeValidator(tq.state_named)]


class SearchQuery(Query):
    """The parameters of `GET /api/tasks`; a task must match all of them."""

    q: str = Field(
        default="",
        max_length=1000,
        description="A search such as `state:failure payload.user_id:42 -worker:high age:<1h`. "
        "Fields: state queue type tag worker id error cause flow payload.<field> age dur wait; "
        "bare words search the error and the type, `payload.amount:>5` compares numbers. "
        "Several values of one field match any of them. "
        "`-` excludes.",
    )
    state: StateName | None = Field(
        default=None,
        description="Only tasks in this state; also as the pages call it, such as `failed`.",
    )
    queue: QueueName | None = Field(default=None, description="Only tasks of this queue.")
    type: str | None = Field(default=None, max_length=200, description="Only tasks of this type.")
    tag: str | None = Field(default=None, max_length=109, description="Only tasks with this tag.")
    worker: str | None = Field(
        default=None, max_length=200, description="Only tasks of this worker."
    )
    submitted_after: Instant | None = Field(
        default=None, description="Only tasks submitted at this time or later."
    )
    submitted_before: Instant | None = Field(
        default=None, description="Only tasks submitted before this time."
    )
    sort: tq.Sort = Field(
        default=tq.Sort.SUBMITTED, description="The time to sort by, newest first."
    )
    set_aside: Switch = Field(
        default=False,
        description="Only quarantined tasks: they killed their workers or could not be read. Last "
        "quarantined first.",
    )
    limit: Limit = Field(default=50, ge=1, le=200, description="The most tasks to return.")
    cursor: str | None = Field(
        default=None, max_length=250, description="The `next_cursor` of the previous page."
    )


class TaskRowView(Outbound):
    """One task, without its result, traceback and log."""

    task_id: str
    status: tq.TaskState
    task_type: str
    queue: QueueName
    queue_priority: int
    payload: dict[str, Any]
    payload_truncated: bool = Field(description="Whether the payload is shortened.")
    error: str | None
    attempt: int
    max_attempts: int
    deliveries: int
    crashes: int
    losses: int
    progress: ProgressView | None
    submitted_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    next_retry_at: datetime | None
    scheduled_for: datetime | None
    worker: str | None
    stop_confirmed: bool | None
    retry_of: str | None
    retried_as: str | None
    gate: str | None
    cause: str | None
    tags: list[str]
    wait_s: float | None = Field(
        description="How long it waited in its queue before its last attempt, or has waited so far."
    )
    run_s: float | None = Field(description="How long its last attempt ran, or has run so far.")


class TaskPage(Outbound):
    """Tasks, newest first."""

    tasks: list[TaskRowView]
    next_cursor: str | None = Field(
        description="The `cursor` of the next page; null on the last one."
    )
    scanned: int = Field(description="How many tasks were searched.")
    complete: bool = Field(
        description="False: the time limit ended before the page was full; continue at "
        "`next_cursor`."
    )
    scanned_back_to: datetime | None = Field(
        description="The submission time of the oldest task searched; null: all were searched."
    )
