"""Explain over HTTP why a task does not run."""

from datetime import datetime
from typing import Literal

from flask import Response
from pydantic import Field

import huey_tasks as tq
from web.http.models import Outbound
from web.http.parameters import TaskId
from web.http.reach import check_task, reach
from web.http.responses import respond
from web.openapi.answers import ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import problems
from web.tasks.schemas import TaskPath

explanation = ApiBlueprint("explanation", "tasks")

Code = Literal[
    "queue_paused", "queue_draining", "no_consumer", "workers_busy", "retry_due", "scheduled",
    "lock_held", "rate_limited", "behind_others", "next", "running", "ended", "unknown_type",
    "known_to_some", "runs_alone", "concurrency_reached", "breaker_open",
    "fair_turn", "worker_died",
]  # fmt: skip


class BusyWorkerView(Outbound):
    """A worker and the task it runs."""

    worker: str
    task_id: str | None
    task_type: str | None
    started_at: datetime | None


class ReasonView(Outbound):
    """One reason why a task runs or does not; fields that do not apply are null."""

    code: Code
    text: str
    due_at: datetime | None = Field(description="When the wait ends; `text` contains no time.")
    workers: list[BusyWorkerView] = Field(description="Of `workers_busy`: the busy workers.")
    name: str | None = Field(description="The name of the lock, rate limit or task type.")
    task_id: str | None = Field(description="Of `lock_held`: the task that holds the lock.")
    worker: str | None = Field(description="The worker that holds the lock, or runs the task.")
    ahead: int | None = Field(description="How many tasks are before it in its queue.")
    by: str | None = Field(description="Of a stopped queue: who paused or drained it.")
    since: datetime | None = Field(description="Of a stopped queue: when it was paused or drained.")


class ExplanationView(Outbound):
    """Why a task does not run now."""

    task_id: TaskId
    status: tq.TaskState
    summary: str = Field(description="The most important reason, as a sentence.")
    reasons: list[ReasonView] = Field(description="All reasons, the most important first.")
    position: int | None = Field(
        description="Its position in its queue, from 1; null when it does not wait in one."
    )
    estimated_start_at: datetime | None
    estimate: str = Field(description="The basis of the estimate, or why there is none.")


@explanation.get(
    "/tasks/<task:task_id>/explain",
    responses={
        **ok(200, ExplanationView, "The reasons."),
        **problems("task_not_found", "queue_unavailable"),
    },
)
def explain_task(path: TaskPath) -> Response:
    """Explain why a task does not run: its reasons, its position, and when it may start.

    For a key with a reach it leaves out which tasks out of reach run, and which holds a lock.
    """
    check_task(path.task_id)
    return respond(ExplanationView.model_validate(tq.explain_task(path.task_id, reach())))
