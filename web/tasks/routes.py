"""Tasks over HTTP: read, change, cancel, retry. `submit_routes` takes new ones."""

from typing import Any

from flask import Response
from werkzeug.routing import BaseConverter

import huey_tasks as tq
from web.http import waiting
from web.http.reach import check_task, reach
from web.http.responses import respond
from web.http.root_path import address
from web.openapi.answers import header, ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import BODY_PROBLEMS, problems
from web.operations.operator import (
    OF_OPERATOR,
    ReasonBody,
    ReasonQuery,
    of_operator,
    operator,
    operator_of_body,
)
from web.tasks.schemas import (
    Cancelled,
    Retried,
    TaskDetail,
    TaskPath,
    WaitQuery,
)
from web.tasks.submit_schemas import ChangeBody
from web.tasks.type_schemas import TaskTypeList, TaskTypeView

tasks = ApiBlueprint("tasks", "tasks")

_ETAG = "The version of the task: send it as If-None-Match to get a 304 while nothing has changed."


class TaskSegment(BaseConverter):
    """A task id in a path: any segment but that of a fixed path, where a GET is a 405.

    werkzeug lists every rule that matches a path in Allow, so the names must not match at all.
    """

    regex = r"(?!(?:submit|bulk|actions|read)\Z)[^/]+"
    part_isolating = True


@tasks.get(
    "/tasks/<task:task_id>",
    responses={
        **ok(200, TaskDetail, "The task in its current state.", ETag=header(_ETAG)),
        304: {"description": "The task has not changed since the ETag of If-None-Match."},
        **problems("task_not_found", "invalid_request", "too_many_waiting", "queue_unavailable"),
    },
)
def read_task(path: TaskPath, query: WaitQuery) -> Response:
    """Read a task: its state, result or error, progress and log.

    An unknown id is a 404. With `wait` the answer comes when the task has ended, or after that many
    seconds with the task in its current state.
    """
    if query.wait:
        waiting.wait_for_end(path.task_id, query.wait)
    record = tq.get_task(path.task_id)
    reach().check(record.task_type, record.queue)
    return respond(TaskDetail.model_validate(record))


@tasks.patch(
    "/tasks/<task:task_id>",
    openapi_extensions=OF_OPERATOR,
    responses={
        **ok(200, TaskDetail, "The task as it now is."),
        **problems(
            *BODY_PROBLEMS,
            "task_not_found",
            "task_running",
            "task_finished",
            "changed_meanwhile",
            "invalid_request",
            "invalid_payload",
            "unknown_task_type",
            "queue_unavailable",
        ),
    },
)
def change_task(path: TaskPath, body: ChangeBody) -> Response:
    """Change a task that waits: its payload, when it may start, its `queue_priority`, its tags.

    Either all is changed or nothing; a task that a worker has claimed does not change. With
    `if_updated_at` nobody's change is undone unseen: a 409 says that there has been one.
    """
    check_task(path.task_id)
    changed = tq.change_task(
        path.task_id,
        payload=body.payload,
        delay=body.delay,
        run_at=body.run_at,
        queue_priority=body.queue_priority,
        tags=body.tags,
        if_updated_at=body.if_updated_at,
        by=operator(body.reason),
    )
    return respond(TaskDetail.model_validate(changed))


@tasks.delete(
    "/tasks/<task:task_id>/cancel",
    openapi_extensions=OF_OPERATOR,
    responses={
        **ok(200, Cancelled, "The task is cancelled."),
        **problems(
            "cross_site",
            "task_not_found",
            "task_finished",
            "invalid_request",
            "queue_unavailable",
        ),
    },
)
def cancel_task(path: TaskPath, query: ReasonQuery) -> Response:
    """Cancel a task: a waiting task never starts, a running one is stopped at once."""
    check_task(path.task_id)
    revoked = tq.cancel(path.task_id, by=operator(query.reason))
    return respond(Cancelled(task_id=revoked.task_id))


@tasks.post(
    "/tasks/<task:task_id>/retry",
    openapi_extensions=of_operator(ReasonBody),
    responses={
        **ok(202, Retried, "The new task.", Location=header("The URL of the new task.")),
        **problems(
            *BODY_PROBLEMS,
            "task_not_found",
            "task_not_retryable",
            "invalid_request",
            "queue_unavailable",
        ),
    },
)
def retry_task(path: TaskPath) -> Response:
    """Retry a task that failed, was cancelled or expired: submit it again as a new task.

    A repeated request answers with the same new task, and so does one for a purged task whose purge
    was undone.
    """
    check_task(path.task_id)
    retried = tq.retry(path.task_id, operator_of_body())
    new = tq.get_task(retried.task_id)
    message = f"Task '{new.task_type}' queued again on '{new.queue}' queue."
    if not retried.is_new:
        message = f"It was submitted again before, as this task, which is {new.status}."
    view = Retried(
        task_id=new.task_id,
        status=new.status,
        priority=new.queue,
        retry_of=path.task_id,
        message=message,
    )
    return respond(view, 202, {"Location": address(f"/api/tasks/{new.task_id}")})


@tasks.get("/task-types", responses={**ok(200, TaskTypeList, "The task types."), **problems()})
def list_task_types() -> Response:
    """List the task types, each with the JSON Schema of its payload and an example."""
    return respond(TaskTypeList(task_types=[_type_view(item) for item in tq.task_types()]))


def _type_view(task_type: tq.TaskType[..., Any]) -> TaskTypeView:
    return TaskTypeView(
        task_type=task_type.name,
        queue=task_type.queue,
        description=task_type.description,
        retries=task_type.retries,
        retry_delay_s=task_type.retry_delay_s,
        retry_backoff=task_type.retry_backoff,
        retry_delays_s=task_type.retry_delays_s,
        retry_on=task_type.retry_on,
        no_retry_on=task_type.no_retry_on,
        timeout_s=task_type.timeout_s,
        payload_schema=task_type.schema,
        example=task_type.example,
    )
