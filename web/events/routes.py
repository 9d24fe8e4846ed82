"""Publish events over HTTP."""

import dataclasses

from flask import Response

import huey_tasks as tq
from web.events.schemas import EventBody, PublishedView
from web.http.identity import key_holder
from web.http.responses import respond
from web.openapi.answers import ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import BODY_PROBLEMS, REFUSALS, problems

events = ApiBlueprint("events", "events")


@events.post(
    "/events",
    responses={
        **ok(202, PublishedView, "A task for each subscriber is stored."),
        **problems(*BODY_PROBLEMS, "invalid_request", "queue_unavailable", *REFUSALS),
    },
)
def publish_event(body: EventBody) -> Response:
    """Publish an event: each function whose `events` in functions.toml fit gets a task.

    The event of a function is that of EventBridge, with `type` as its `detail-type`. All tasks of a
    queue are stored together. One that is sent again under its `id` makes no second task.
    """
    event = tq.aws.Event(body.source, body.type, body.detail, submitted_by=key_holder() or "")
    if body.id is not None:
        event = dataclasses.replace(event, id=body.id)
    (started,) = tq.aws.publish_events([event])
    tasks = [{"function": each.function, "task_id": each.task_id} for each in started]
    return respond(PublishedView.model_validate({"event_id": event.id, "tasks": tasks}), 202)
