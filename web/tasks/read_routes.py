"""`POST /api/tasks/read`: many tasks in one request, which a URL would be too short for."""

from typing import Annotated

from flask import Response
from pydantic import Field

import huey_tasks as tq
from web.http.models import Inbound, Outbound
from web.http.reach import reach
from web.http.responses import respond
from web.openapi.answers import ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import BODY_PROBLEMS, problems
from web.tasks.schemas import TaskView

#: The most tasks of one request.
MOST = 500

reading = ApiBlueprint("reading", "tasks")


class ReadBody(Inbound):
    """The tasks to read."""

    task_ids: list[Annotated[str, Field(max_length=100)]] = Field(
        min_length=1, max_length=MOST, description="Their ids, in any order; the answer keeps it."
    )


class TaskList(Outbound):
    """Tasks in the order of their ids."""

    tasks: list[TaskView | None] = Field(description="null for an id that no task has.")


@reading.post(
    "/tasks/read",
    responses={
        **ok(200, TaskList, "The tasks."),
        **problems(*BODY_PROBLEMS, "invalid_request", "queue_unavailable"),
    },
)
def read_tasks(body: ReadBody) -> Response:
    """Read up to 500 tasks, without their logs and attempts; null for an unknown id."""
    tasks = tq.read_tasks(body.task_ids)
    reached = reach()
    for task in filter(None, tasks):
        reached.check(task.task_type, task.queue)
    return respond(TaskList.model_validate({"tasks": tasks}))
