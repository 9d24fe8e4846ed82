"""`POST /api/tasks/submit`: one task.

`plain_submits` answers most of these requests with the functions of this module, without Flask.
"""

import contextlib
from typing import Any, NamedTuple

from flask import Response, request

import huey_tasks as tq
from web.http import waiting
from web.http.errors import TooManyWaiting
from web.http.identity import holder
from web.http.reach import check_submit, reach
from web.http.responses import respond
from web.http.root_path import Environ, address
from web.openapi.answers import header, ok, one_of
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import BODY_PROBLEMS, REFUSALS, problems
from web.tasks.schemas import TaskDetail
from web.tasks.submit_schemas import Forecast, SubmitBody, Submitted
from web.tasks.submit_wishes import OF_SUBMIT, idempotency_key, is_dry_run, wait_s

#: Separate, because the inspector serves all of `tasks` but accepts no new ones.
submission = ApiBlueprint("submission", "tasks")

#: The verb of the message, by the state of the new task.
_DONE = {tq.TaskState.PENDING: "queued", tq.TaskState.SCHEDULED: "scheduled"}

_PROBLEMS = (
    "invalid_request", "invalid_payload", "unknown_task_type", "unknown_queue",
    "idempotency_key_reused",
)  # fmt: skip
_SUBMITTED = {
    "Location": header("The URL of the task."),
    "Idempotent-Replayed": header("`true`: the answer to the first submit with this key."),
}


class Submit(NamedTuple):
    """A submit that its caller may make."""

    options: tq.SubmitOptions
    task_type: str
    payload: dict[str, Any]
    priority: str | None


@submission.post(
    "/tasks/submit",
    openapi_extensions=OF_SUBMIT,
    responses={
        **ok(202, Submitted, "The task is stored.", **_SUBMITTED),
        200: {
            "description": "With `Prefer: wait`, the task, which has ended; with `dry_run`, what "
            "would happen.",
            "content": one_of(TaskDetail, Forecast),
        },
        **problems(*BODY_PROBLEMS, *_PROBLEMS, "queue_unavailable", *REFUSALS),
    },
)
def submit_task(body: SubmitBody) -> Response:
    """Submit a task.

    202 means that the task is stored in Redis and will reach a terminal state.
    """
    sent = request.environ
    submit = checked(body, sent, holder())
    if is_dry_run(sent):
        return respond(_forecast(tq.foresee(*submit, reach=reach())))
    view, headers = stored(submit, sent)
    if (seconds := wait_s(sent)) and (ended := _ended(view.task_id, seconds)):
        return respond(ended, 200, {**headers, "Preference-Applied": f"wait={seconds}"})
    return respond(view, 202, headers)


def checked(body: SubmitBody, environ: Environ, caller: tq.Holder | None) -> Submit:
    """Return what is to be submitted. Raises InvalidQuery, Forbidden."""
    priority = body.priority if "priority" in body.model_fields_set else None
    name, within = ("", tq.EVERYTHING) if caller is None else (caller.name, caller.reach)
    options = body.options(idempotency_key(environ), name)
    check_submit(body.task_type, priority, within)
    return Submit(options, body.task_type, body.payload, priority)


def stored(submit: Submit, environ: Environ) -> tuple[Submitted, dict[str, str]]:
    """Submit it; return the answer and its headers. Raises what `tq.submit` raises."""
    record = tq.submit_with(*submit, shared=True)
    headers = {"Location": address(f"/api/tasks/{record.task_id}", environ)}
    if record.is_replay:
        headers["Idempotent-Replayed"] = "true"
    view = Submitted(
        task_id=record.task_id,
        status=record.status,
        priority=record.queue,
        message=_message(record),
        duplicate_of=record.duplicate_of,
    )
    return view, headers


def _forecast(found: tq.Forecast) -> Forecast:
    task, explained = found.task, found.explained
    return Forecast(
        task_type=task.task_type,
        status=task.status,
        priority=task.queue,
        message=_message(task, "would be "),
        duplicate_of=task.duplicate_of,
        summary=explained.summary,
        position=explained.position,
        estimated_start_at=explained.estimated_start_at,
        estimate=explained.estimate,
    )


def _message(record: tq.SubmittedTask, would_be: str = "") -> str:
    if record.duplicate_of is not None:
        return f"Task '{record.task_type}' is on '{record.queue}' queue already."
    return f"Task '{record.task_type}' {would_be}{_DONE[record.status]} on '{record.queue}' queue."


def _ended(task_id: str, seconds: int) -> TaskDetail | None:
    """Wait for the end of a task that is stored: whatever fails now must not say that it is not."""
    with contextlib.suppress(TooManyWaiting, tq.QueueUnavailable, tq.TaskNotFound):
        waiting.wait_for_end(task_id, seconds)
        found = TaskDetail.model_validate(tq.get_task(task_id))
        return found if found.status.terminal else None
    return None
