"""Schedules over HTTP."""

import contextlib

from flask import Response

import huey_tasks as tq
from web.http.reach import check_submit, reach
from web.http.responses import JsonAnswer, respond
from web.http.root_path import address
from web.openapi.answers import header, no_content, ok
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
from web.schedules.schemas import (
    PlanBody,
    PreviewView,
    ScheduleBody,
    ScheduleChangeBody,
    ScheduleList,
    SchedulePath,
    SchedulePutBody,
    ScheduleView,
)
from web.tasks.submit_schemas import Submitted

schedules = ApiBlueprint("schedules", "schedules")

_CONTENT = ("invalid_request", "invalid_payload", "unknown_task_type")


@schedules.get(
    "/schedules",
    responses={**ok(200, ScheduleList, "The schedules."), **problems("queue_unavailable")},
)
def list_schedules() -> Response:
    """List the schedules: the next due first, paused ones last."""
    reached = filter(_is_reached, tq.list_schedules())
    return respond(ScheduleList(schedules=[_view(one) for one in reached]))


@schedules.post(
    "/schedules",
    openapi_extensions=OF_OPERATOR,
    responses={
        **ok(201, ScheduleView, "The schedule.", Location=header("The URL of the schedule.")),
        **problems(
            *BODY_PROBLEMS,
            *_CONTENT,
            "unknown_queue",
            "schedule_exists",
            "too_many_schedules",
            "queue_unavailable",
        ),
    },
)
def create_schedule(body: ScheduleBody) -> Response:
    """Create a schedule: it submits one task at each due time.

    Due times that pass while its queue has no consumer are caught up with one late run. Its tasks
    have the tag `schedule:<name>`.
    """
    check_submit(body.task_type, body.priority)
    made = tq.create_schedule(
        body.name,
        body.task_type,
        body.payload,
        priority=body.priority if "priority" in body.model_fields_set else None,
        tags=body.tags,
        cron=body.cron,
        every_s=body.every_s,
        timezone=body.timezone,
        run_at=body.run_at,
        overlap=body.overlap,
        paused=body.paused,
        by=operator(body.reason),
    )
    return respond(_view(made), 201, {"Location": address(f"/api/schedules/{made.name}")})


@schedules.post(
    "/schedules/preview",
    responses={
        **ok(200, PreviewView, "The trigger in words, and its next times."),
        **problems(*BODY_PROBLEMS, "invalid_request", "queue_unavailable"),
    },
)
def preview_schedule(body: PlanBody) -> Response:
    """Describe a trigger in words, with its next five due times; nothing is created."""
    preview = tq.preview_schedule(
        cron=body.cron, every_s=body.every_s, timezone=body.timezone, run_at=body.run_at
    )
    return respond(PreviewView.model_validate(preview))


@schedules.get(
    "/schedules/<name>",
    responses={
        **ok(200, ScheduleView, "The schedule as it is now."),
        **problems("schedule_not_found", "queue_unavailable"),
    },
)
def read_schedule(path: SchedulePath) -> Response:
    """Read a schedule."""
    return respond(_view(_reached(path.name)))


@schedules.put(
    "/schedules/<name>",
    openapi_extensions=OF_OPERATOR,
    responses={
        **ok(200, ScheduleView, "The schedule, which existed."),
        **ok(201, ScheduleView, "The schedule, which is new."),
        **problems(
            *BODY_PROBLEMS,
            *_CONTENT,
            "unknown_queue",
            "too_many_schedules",
            "queue_unavailable",
        ),
    },
)
def put_schedule(path: SchedulePath, body: SchedulePutBody) -> Response:
    """Create a schedule, or make it what the body says; for tools that deploy.

    What is the same stays as it is, with its due times and counts. One of another task type or
    queue is created again. Without `paused` a pause stays.
    """
    check_submit(body.task_type, body.priority)
    with contextlib.suppress(tq.ScheduleNotFound):
        _check(path.name)
    made, is_new = tq.put_schedule(
        path.name,
        body.task_type,
        body.payload,
        priority=body.priority if "priority" in body.model_fields_set else None,
        tags=body.tags,
        cron=body.cron,
        every_s=body.every_s,
        timezone=body.timezone,
        run_at=body.run_at,
        overlap=body.overlap,
        paused=body.paused,
        by=operator(body.reason),
    )
    return respond(_view(made), 201 if is_new else 200)


@schedules.patch(
    "/schedules/<name>",
    openapi_extensions=OF_OPERATOR,
    responses={
        **ok(200, ScheduleView, "The schedule as it is now."),
        **problems(
            *BODY_PROBLEMS,
            *_CONTENT,
            "changed_meanwhile",
            "schedule_not_found",
            "queue_unavailable",
        ),
    },
)
def change_schedule(path: SchedulePath, body: ScheduleChangeBody) -> Response:
    """Change, pause or resume a schedule.

    A new trigger, or the end of a pause, starts now: earlier due times are not caught up. `cron`
    replaces `every_s`, and the reverse. Name, task type and queue cannot change. With
    `if_updated_at` nobody's change is undone unseen: a 409 says that there has been one.
    """
    _check(path.name)
    changed = tq.change_schedule(
        path.name,
        body.changes(),
        operator(body.reason),
        if_updated_at=body.if_updated_at,
    )
    return respond(_view(changed))


@schedules.delete(
    "/schedules/<name>",
    openapi_extensions=OF_OPERATOR,
    responses={
        **no_content("The schedule is deleted."),
        **problems("cross_site", "invalid_request", "schedule_not_found", "queue_unavailable"),
    },
)
def delete_schedule(path: SchedulePath, query: ReasonQuery) -> Response:
    """Delete a schedule; the tasks that it submitted are kept."""
    _check(path.name)
    tq.delete_schedule(path.name, operator(query.reason))
    return JsonAnswer("", 204, {})


@schedules.post(
    "/schedules/<name>/run",
    openapi_extensions=of_operator(ReasonBody),
    responses={
        **ok(202, Submitted, "The task is stored.", Location=header("The URL of the task.")),
        **problems(
            *BODY_PROBLEMS,
            *_CONTENT,
            "schedule_not_found",
            "schedule_running",
            "queue_draining",
            "queue_unavailable",
        ),
    },
)
def run_schedule(path: SchedulePath) -> Response:
    """Run a schedule now, even a paused one; its due times do not change.

    If its runs must not overlap and the previous run has not ended, the answer is a 409.
    """
    _check(path.name)
    made = tq.run_schedule(path.name, operator_of_body())
    view = Submitted(
        task_id=made.task_id,
        status=made.status,
        priority=made.queue,
        message=f"Task '{made.task_type}' queued on '{made.queue}' queue.",
    )
    return respond(view, 202, {"Location": address(f"/api/tasks/{made.task_id}")})


def _check(name: str) -> None:
    """Raise Forbidden for a schedule out of reach. Raises ScheduleNotFound."""
    if not reach().is_whole:
        _reached(name)


def _reached(name: str) -> tq.ScheduleRecord:
    try:
        record = tq.get_schedule(name)
    except tq.ScheduleNotFound:
        if reach().is_whole:
            raise
        # The nearest name may be of a schedule that the key does not reach.
        raise tq.ScheduleNotFound(f"No schedule has the name '{name[:64]}'.") from None
    reach().check(record.task_type, record.queue)
    return record


def _is_reached(record: tq.ScheduleRecord) -> bool:
    try:
        reach().check(record.task_type, record.queue)
    except tq.Forbidden:
        return False
    return True


def _view(record: tq.ScheduleRecord) -> ScheduleView:
    return ScheduleView.model_validate(record)
