"""Tasks over HTTP: submit, read, cancel, retry. `search_routes` finds them."""

import threading
from typing import Any, cast

from flask import Response
from werkzeug.routing import BaseConverter

import huey_tasks as tq
from web.http import redis_deadline
from web.http.errors import TooManyWaiting
from web.http.parameters import QueueName
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
    SubmitBody,
    Submitted,
    TaskDetail,
    TaskPath,
    TaskTypeList,
    TaskTypeView,
    WaitQuery,
)

tasks = ApiBlueprint("tasks", "tasks")
#: Separate, because the inspector serves all of `tasks` but accepts no new ones.
submission = ApiBlueprint("submission", "tasks")

#: The most requests that wait in one process; each holds a connection.
MAX_WAITING = 1000
_places = threading.BoundedSemaphore(MAX_WAITING)

_ETAG = "The version of the task: send it as If-None-Match to get a 304 while nothing has changed."

#: The verb of the message, by the state of the new task.
_DONE = {tq.TaskState.PENDING: "queued", tq.TaskState.SCHEDULED: "scheduled"}

_SUBMIT_PROBLEMS = ("invalid_request", "invalid_payload", "unknown_task_type", "unknown_queue")


class TaskSegment(BaseConverter):
    """A task id in a path: any segment but that of a fixed path, where a GET is a 405.

    werkzeug lists every rule that matches a path in Allow, so the names must not match at all.
    """

    regex = r"(?!(?:submit|bulk|actions)\Z)[^/]+"
    part_isolating = True


@submission.post(
    "/tasks/submit",
    responses={
        **ok(202, Submitted, "The task is stored.", Location=header("The URL of the task.")),
        **problems(*BODY_PROBLEMS, *_SUBMIT_PROBLEMS, "queue_unavailable", "queue_draining"),
    },
)
def submit_task(body: SubmitBody) -> Response:
    """Submit a task.

    202 means that the task is stored in Redis and will reach a terminal state.
    """
    priority = body.priority if "priority" in body.model_fields_set else None
    record = tq.submit(
        body.task_type,
        body.payload,
        priority=priority,
        tags=body.tags,
        delay=body.delay,
        run_at=body.run_at,
        expires_in=body.expires_in,
    )
    view = Submitted(
        task_id=record.task_id,
        status=record.status,
        priority=cast(QueueName, record.queue),
        message=f"Task '{record.task_type}' {_DONE[record.status]} on '{record.queue}' queue.",
    )
    return respond(view, 202, {"Location": address(f"/api/tasks/{record.task_id}")})


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
        _wait_for_end(path.task_id, query.wait)
    return respond(TaskDetail.model_validate(tq.get_task(path.task_id)))


def _wait_for_end(task_id: str, wait_s: float) -> None:
    if not _places.acquire(blocking=False):
        raise TooManyWaiting(f"{MAX_WAITING} requests wait here already; retry without `wait`.")
    try:
        tq.wait_for_end(task_id, wait_s)
    finally:
        _places.release()
    redis_deadline.restart()


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
    retried = tq.retry(path.task_id, operator_of_body())
    new = tq.get_task(retried.task_id)
    message = f"Task '{new.task_type}' queued again on '{new.queue}' queue."
    if not retried.is_new:
        message = f"It was submitted again before, as this task, which is {new.status}."
    view = Retried(task_id=new.task_id, status=new.status, retry_of=path.task_id, message=message)
    return respond(view, 202, {"Location": address(f"/api/tasks/{new.task_id}")})


@tasks.get("/task-types", responses={**ok(200, TaskTypeList, "The task types."), **problems()})
def list_task_types() -> Response:
    """List the task types, each with the JSON Schema of its payload and an example."""
    return respond(TaskTypeList(task_types=[_type_view(item) for item in tq.task_types()]))


def _type_view(task_type: tq.TaskType[..., Any]) -> TaskTypeView:
    return TaskTypeView(
        task_type=task_type.name,
        queue=cast(QueueName, task_type.queue),
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
