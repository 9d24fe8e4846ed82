"""The three queues over HTTP: their numbers, and pause, drain, resume and purge."""

from datetime import UTC, datetime
from typing import Any, cast

from flask import Response

import huey_tasks as tq
from web.http.errors import QueueNotFound
from web.http.parameters import QueueName, QueuePath
from web.http.redis_deadline import begin_anew
from web.http.responses import respond
from web.openapi.app import ApiBlueprint, ok, problems
from web.operations.operator import ReasonBody, of_operator, operator_of_body
from web.queues.schemas import QueueChanged, QueueList, QueuePurged, QueueView
from web.tasks.routes import BODY_PROBLEMS

_ABOUT = "What waits, runs and has run, by queue."
queues = ApiBlueprint("queues", "queues", _ABOUT)

_TAKES = of_operator(ReasonBody)
_PROBLEMS = problems(*BODY_PROBLEMS, "queue_not_found", "invalid_request", "queue_unavailable")
_CHANGED = {**ok(200, QueueChanged, "It is done."), **_PROBLEMS}


@queues.get(
    "/queues", responses={**ok(200, QueueList, "The queues."), **problems("queue_unavailable")}
)
def list_queues() -> Response:
    """List the queues with their counts, the most urgent one first."""
    return respond(QueueList(queues=[QueueView.model_validate(one) for one in tq.queue_stats()]))


@queues.post("/queues/<queue>/pause", openapi_extensions=_TAKES, responses=_CHANGED)
def pause_queue(path: QueuePath) -> Response:
    """Pause a queue: it gives out no tasks; what runs goes on, and submits are taken."""
    queue = _known(path.queue)
    tq.pause(queue, operator_of_body())
    return _changed(queue)


@queues.post("/queues/<queue>/drain", openapi_extensions=_TAKES, responses=_CHANGED)
def drain_queue(path: QueuePath) -> Response:
    """Drain a queue: it works off what it has, and submits are answered with a 503."""
    queue = _known(path.queue)
    tq.drain(queue, operator_of_body())
    return _changed(queue)


@queues.post("/queues/<queue>/resume", openapi_extensions=_TAKES, responses=_CHANGED)
def resume_queue(path: QueuePath) -> Response:
    """Resume a paused or draining queue."""
    queue = _known(path.queue)
    tq.resume(queue, operator_of_body())
    return _changed(queue)


@queues.post(
    "/queues/<queue>/purge",
    openapi_extensions=_TAKES,
    responses={**ok(200, QueuePurged, "It is done."), **_PROBLEMS},
)
def purge_queue(path: QueuePath) -> Response:
    """Revoke every task that waits in a queue; what runs or waits to be retried stays.

    It can be undone within 10 minutes: `POST /api/undo/<undo_id>`.
    """
    queue = _known(path.queue)
    done = tq.purge(queue, by=operator_of_body())
    begin_anew()
    can_undo = done.operation if done.purged else None
    view = QueuePurged(
        **_now(queue),
        purged=done.purged,
        undo_id=can_undo and can_undo.id,
        undo_until=can_undo and can_undo.undo_until,
    )
    return respond(view)


def _changed(queue: QueueName) -> Response:
    return respond(QueueChanged(**_now(queue), purged=0))


def _now(queue: QueueName) -> dict[str, Any]:
    now = next(one for one in tq.queue_stats() if one.queue == queue)
    told_at = datetime.now(UTC)
    return {"queue": queue, "paused": now.paused, "draining": now.draining, "ts": told_at}


def _known(queue: str) -> QueueName:
    if queue not in tq.QUEUES:
        raise QueueNotFound("There is no such queue; the queues are high, default and low.")
    return cast(QueueName, queue)
