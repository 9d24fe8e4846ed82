"""A search over HTTP: what it takes, and the page it answers with."""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, Field

import huey_tasks as tq
from web.http.parameters import Limit, Query, QueueName, Switch
from web.tasks.schemas import Outbound, ProgressView


class SearchQuery(Query):
    """What `GET /api/tasks` takes; all of it must fit."""

    q: str = Field(
        default="",
        max_length=1000,
        description="A search such as `state:failure payload.user_id:42 -worker:high age:<1h`. "
        "Words: state queue type tag worker id error cause payload.<field> age dur wait; bare "
        "words look in the error and the type. Several values of one word: any will do. `-` "
        "excludes.",
    )
    state: tq.TaskState | None = Field(default=None, description="Only tasks in this state.")
    queue: QueueName | None = Field(default=None, description="Only tasks of this queue.")
    type: str | None = Field(default=None, max_length=200, description="Only tasks of this type.")
    tag: str | None = Field(default=None, max_length=109, description="Only tasks with this tag.")
    worker: str | None = Field(default=None, max_length=200, description="Only this worker's.")
    submitted_after: AwareDatetime | None = Field(default=None, description="From then on.")
    submitted_before: AwareDatetime | None = Field(default=None, description="Before then.")
    sort: tq.Sort = Field(default=tq.Sort.SUBMITTED, description="By what the newest come first.")
    set_aside: Switch = Field(
        default=False,
        description="Only tasks that killed their workers or could not be read, the last first.",
    )
    limit: Limit = Field(default=50, ge=1, le=200, description="At most so many tasks.")
    cursor: str | None = Field(
        default=None, max_length=250, description="The `next_cursor` of the page before."
    )


class TaskRowView(Outbound):
    """One task, without its result, traceback and log."""

    task_id: str
    status: tq.TaskState
    task_type: str
    queue: QueueName
    payload: dict[str, Any]
    payload_truncated: bool = Field(description="Whether the payload is not shown as a whole.")
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
        description="How long it waited in its queue for its last attempt, or waits now."
    )
    run_s: float | None = Field(description="How long its last attempt took, or takes.")


class TaskPage(Outbound):
    """Tasks, newest first."""

    tasks: list[TaskRowView]
    next_cursor: str | None = Field(description="Where to go on; null: there is no more.")
    scanned: int = Field(description="How many tasks were looked at.")
    complete: bool = Field(
        description="False: time was up before the page was full; go on at `next_cursor`."
    )
    scanned_back_to: datetime | None = Field(
        description="How far back it looked; null: all the way."
    )
