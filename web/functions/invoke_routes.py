"""Invoke a function over HTTP, and answer with its result, its log and its receipt."""

from typing import Any

from flask import Response, request

import huey_tasks as tq
from web.functions.routes import named
from web.functions.schemas import FunctionPath, InvocationAnswer, InvokeQuery
from web.http import waiting
from web.http.body import JSON, check_media, read_whole
from web.http.errors import FunctionBusy, TooManyWaiting
from web.http.identity import key_holder
from web.http.reach import check_submit
from web.http.responses import respond
from web.http.root_path import address
from web.http.strict_json import decode, parse_event
from web.openapi.answers import header, ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import BODY_PROBLEMS, REFUSALS, problems
from web.tasks.schemas import TaskDetail

#: Separate, because the inspector accepts no new tasks.
invocation = ApiBlueprint("invocation", "functions")

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "description": "The event: any JSON value. Without a body it is `{}`.",
        "content": {JSON: {"schema": {}}},
    }
}


@invocation.post(
    "/functions/<name>/invoke",
    openapi_extensions=_BODY,
    responses={
        **ok(200, InvocationAnswer, "It has ended, well or not; or a `dry` one is possible."),
        **ok(
            202,
            InvocationAnswer,
            "It is stored; of a `sync` one: it did not end in time, and goes on.",
            Location=header("The URL of the task."),
        ),
        **problems(
            *BODY_PROBLEMS,
            "invalid_request",
            "function_not_found",
            "function_busy",
            "too_many_waiting",
            *REFUSALS,
            "queue_unavailable",
        ),
    },
)
def invoke_function(path: FunctionPath, query: InvokeQuery) -> Response:
    """Invoke a function; the body is its event.

    The id of the task is the id of the request that the function sees. A function that fails is a
    200 with `error`. A `sync` invocation that no slot takes within LAMBDA_START_WAIT_S is a 429,
    and leaves nothing behind.
    """
    event = _event(query.type)
    function = named(path.name)
    check_submit(function.name, None)
    if query.type != "async" and tq.is_at_limit(function.name):
        raise FunctionBusy(f"'{function.name}' runs as often as its reserved concurrency allows.")
    if query.type == "dry":
        return respond(InvocationAnswer(task_id=None, status=None))
    kind = tq.Kind.ASYNC if query.type == "async" else tq.Kind.SYNC
    invoked = tq.invoke_function(function.name, event, kind, submitted_by=key_holder() or "")
    if kind is tq.Kind.SYNC:
        _wait(function.name, invoked)
    return _answer(invoked.task_id)


def _event(kind: str) -> Any:
    config = tq.CONFIG
    is_async = kind == "async"
    request.max_content_length = (
        config.lambda_max_async_bytes if is_async else config.lambda_max_sync_bytes
    )
    raw = read_whole(request)
    if not raw:
        return {}
    check_media(request, JSON)
    return parse_event(decode(raw))


def _wait(name: str, invoked: tq.Invoked) -> None:
    """Wait for the end. Raises FunctionBusy, TooManyWaiting; what has not started is then gone."""
    config, task_id = tq.CONFIG, invoked.task_id
    first_s = min(config.lambda_start_wait_s, config.lambda_wait_s)
    try:
        waiting.wait_for_end(task_id, first_s)
    except TooManyWaiting:
        tq.withdraw(task_id, invoked.queue)
        raise
    if tq.withdraw(task_id, invoked.queue):
        raise FunctionBusy(f"No slot took '{name}' within {config.lambda_start_wait_s:g} s.")
    waiting.wait_for_end(task_id, max(config.lambda_wait_s - first_s, 0))


def _answer(task_id: str) -> Response:
    record = tq.get_task(task_id)
    detail = TaskDetail.model_validate(record)
    has_ended = record.status.terminal
    receipts = [each.receipt for each in detail.attempts if each.receipt is not None]
    view = InvocationAnswer(
        task_id=task_id,
        status=record.status,
        result=record.result,
        error=_error(record) if has_ended else None,
        log=detail.log,
        receipt=receipts[-1] if receipts else None,
    )
    location = {"Location": address(f"/api/tasks/{task_id}")}
    return respond(view, 200 if has_ended else 202, location)


def _error(record: tq.TaskRecord) -> dict[str, Any] | None:
    """Return the error as AWS has it; also of one that ended without an answer of the function."""
    if record.status is tq.TaskState.SUCCESS or record.reported is not None:
        return record.reported
    return {"errorMessage": record.error or record.status, "errorType": "Runtime.ExitError"}
