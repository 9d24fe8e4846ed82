"""Schedules over HTTP; what they do is `huey_tasks`'s."""

from typing import cast

from flask import Response

import huey_tasks as tq
from web.http.parameters import QueueName
from web.http.responses import JsonAnswer, respond
from web.http.root_path import address
from web.openapi.app import ApiBlueprint, header, no_content, ok, problems
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
    ScheduleView,
)
from web.tasks.routes import BODY_PROBLEMS
from web.tasks.schemas import Submitted

_ABOUT = "Tasks that are submitted again and again, by cron or every so many seconds."
schedules = ApiBlueprint("schedules", "schedules", _ABOUT)

_CONTENT = ("invalid_request", "invalid_payload", "unknown_task_type")


@schedules.get(
    "/schedules",
    responses={**ok(200, ScheduleList, "The schedules."), **problems("queue_unavailable")},
)
def list_schedules() -> Response:
    """List the schedules, those due next first, the paused ones last."""
    return respond(ScheduleList(schedules=[_view(one) for one in tq.list_schedules()]))


@schedules.post(
    "/schedules",
    openapi_extensions=OF_OPERATOR,
    responses={
        **ok(201, ScheduleView, "The schedule.", Location=header("Where it is read.")),
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
    """Create a schedule: its task is submitted at each due time, once.

    Due times that pass while no consumer of its queue is there are made up for by one late run. Its
    tasks have the tag `schedule:<name>`.
    """
    made = tq.create_schedule(
        body.name,
        body.task_type,
        body.payload,
        priority=body.priority if "priority" in body.model_fields_set else None,
        tags=body.tags,
        cron=body.cron,
        every_s=body.every_s,
        timezone=body.timezone,
        overlap=body.overlap,
        paused=body.paused,
        by=operator(body.reason),
    )
    return respond(_view(made), 201, {"Location": address(f"/api/schedules/{made.name}")})


@schedules.post(
    "/schedules/preview",
    responses={
        **ok(200, PreviewView, "What the plan means."),
        **problems(*BODY_PROBLEMS, "invalid_request", "queue_unavailable"),
    },
)
def preview_schedule(body: PlanBody) -> Response:
    """Say in words what a plan means, and its next five times; nothing is created."""
    seen = tq.preview_schedule(cron=body.cron, every_s=body.every_s, timezone=body.timezone)
    return respond(PreviewView.model_validate(seen))


@schedules.get(
    "/schedules/<name>",
    responses={
        **ok(200, ScheduleView, "The schedule as it is now."),
        **problems("schedule_not_found", "queue_unavailable"),
    },
)
def read_schedule(path: SchedulePath) -> Response:
    """Read a schedule."""
    return respond(_view(tq.get_schedule(path.name)))


@schedules.patch(
    "/schedules/<name>",
    openapi_extensions=OF_OPERATOR,
    responses={
        **ok(200, ScheduleView, "The schedule as it is now."),
        **problems(*BODY_PROBLEMS, *_CONTENT, "schedule_not_found", "queue_unavailable"),
    },
)
def change_schedule(path: SchedulePath, body: ScheduleChangeBody) -> Response:
    """Change a schedule, pause it, or let it go on.

    A new plan, or the end of a pause, begins now: what was due before is not made up for. `cron`
    takes the place of `every_s`, and the other way round. Its name, task type and queue stay.
    """
    by = operator(body.reason)
    return respond(_view(tq.change_schedule(path.name, body.changes(), by)))


@schedules.delete(
    "/schedules/<name>",
    openapi_extensions=OF_OPERATOR,
    responses={
        **no_content("It is gone."),
        **problems("cross_site", "invalid_request", "schedule_not_found", "queue_unavailable"),
    },
)
def delete_schedule(path: SchedulePath, query: ReasonQuery) -> Response:
    """Delete a schedule; the tasks that it has made stay."""
    tq.delete_schedule(path.name, operator(query.reason))
    return JsonAnswer("", 204, {})


@schedules.post(
    "/schedules/<name>/run",
    openapi_extensions=of_operator(ReasonBody),
    responses={
        **ok(202, Submitted, "The task is in Redis.", Location=header("Where the task is read.")),
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
    """Run a schedule now; its plan stays as it is, and a paused one runs, too.

    If its runs must not overlap and the one before has not ended, it is a 409.
    """
    made = tq.run_schedule(path.name, operator_of_body())
    view = Submitted(
        task_id=made.task_id,
        status=made.status,
        priority=cast(QueueName, made.queue),
        message=f"Task '{made.task_type}' queued on '{made.queue}' queue.",
    )
    return respond(view, 202, {"Location": address(f"/api/tasks/{made.task_id}")})


def _view(record: tq.ScheduleRecord) -> ScheduleView:
    return ScheduleView.model_validate(record)
