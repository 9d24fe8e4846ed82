"""Why a task does not run, over HTTP."""

from datetime import datetime
from typing import Literal

from flask import Response
from pydantic import Field

import huey_tasks as tq
from web.http.parameters import TaskId, TaskPath
from web.http.responses import respond
from web.openapi.app import ApiBlueprint, ok, problems
from web.tasks.routes import ABOUT
from web.tasks.schemas import Outbound

explanation = ApiBlueprint("explanation", "tasks", ABOUT)

Code = Literal[
    "queue_paused", "queue_draining", "no_consumer", "workers_busy", "retry_due", "scheduled",
    "lock_held", "rate_limited", "behind_others", "next", "running", "ended", "unknown_type",
    "known_to_some", "runs_alone",
]  # fmt: skip


class BusyWorkerView(Outbound):
    """A worker and the task it runs."""

    worker: str
    task_id: str | None
    task_type: str | None
    started_at: datetime | None


class ReasonView(Outbound):
    """One thing that keeps a task from running, or lets it; facts that do not apply are null."""

    code: Code
    text: str
    due_at: datetime | None = Field(description="When a wait ends; the text names no time.")
    workers: list[BusyWorkerView] = Field(description="Of `workers_busy`: those that are.")
    name: str | None = Field(description="Of the lock, the rate limit or the task type.")
    task_id: str | None = Field(description="Of `lock_held`: the task that holds it.")
    worker: str | None = Field(description="Who holds the lock, or runs the task.")
    ahead: int | None = Field(description="How many tasks stand before it in its queue.")
    by: str | None = Field(description="Of a stopped queue: who paused or drained it.")
    since: datetime | None = Field(description="Of a stopped queue: when that was.")


class ExplanationView(Outbound):
    """Why a task does not run, as of now."""

    task_id: TaskId
    status: tq.TaskState
    summary: str = Field(description="The weightiest reason, in a sentence.")
    reasons: list[ReasonView] = Field(description="All of them, the weightiest first.")
    position: int | None = Field(description="1: the next of its queue; null: it waits in none.")
    estimated_start_at: datetime | None
    estimate: str = Field(description="On what the estimate rests, or why there is none.")


@explanation.get(
    "/tasks/<task:task_id>/explain",
    responses={
        **ok(200, ExplanationView, "Why it does not run, or that it does."),
        **problems("task_not_found", "queue_unavailable"),
    },
)
def explain_task(path: TaskPath) -> Response:
    """Explain why a task does not run: what stands in its way, its place, and when it may start."""
    return respond(ExplanationView.model_validate(tq.explain_task(path.task_id)))
