"""The queues over HTTP: their counts, and pause, drain, resume and purge."""

from datetime import UTC, datetime
from typing import Any

from flask import Response

import huey_tasks as tq
from web.http import redis_deadline
from web.http.body import read_options
from web.http.errors import QueueNotFound
from web.http.reach import check_queue
from web.http.responses import respond
from web.openapi.answers import ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import BODY_PROBLEMS, problems
from web.operations.operator import ReasonBody, of_operator, operator, operator_of_body
from web.queues.schemas import (
    PurgeBody,
    QueueChanged,
    QueueList,
    QueuePath,
    QueuePurged,
    QueueView,
)

queues = ApiBlueprint("queues", "queues")

_TAKES = of_operator(ReasonBody)
_PROBLEMS = problems(*BODY_PROBLEMS, "queue_not_found", "invalid_request", "queue_unavailable")
_CHANGED = {**ok(200, QueueChanged, "The queue after the change."), **_PROBLEMS}


@queues.get(
    "/queues", responses={**ok(200, QueueList, "The queues."), **problems("queue_unavailable")}
)
def list_queues() -> Response:
    """List the queues with their counts, the highest priority first."""
    return respond(QueueList(queues=[QueueView.model_validate(one) for one in tq.queue_stats()]))


@queues.post("/queues/<queue>/pause", openapi_extensions=_TAKES, responses=_CHANGED)
def pause_queue(path: QueuePath) -> Response:
    """Pause a queue: no task starts; running tasks finish, and new tasks wait.

    This replaces a drain: new tasks are accepted again.
    """
    queue = _known(path.queue)
    tq.pause(queue, operator_of_body())
    return _changed(queue)


@queues.post("/queues/<queue>/drain", openapi_extensions=_TAKES, responses=_CHANGED)
def drain_queue(path: QueuePath) -> Response:
    """Drain a queue: its tasks are finished, and new ones are refused with a 503.

    This replaces a pause: waiting tasks start again.
    """
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
    openapi_extensions=of_operator(PurgeBody),
    responses={**ok(200, QueuePurged, "The queue after the purge."), **_PROBLEMS},
)
def purge_queue(path: QueuePath) -> Response:
    """Cancel every waiting task of a queue; running, scheduled and retrying tasks are kept.

    With `at_most` no more than that many, which keeps what comes between the look and the purge.
    `POST /api/undo/<undo_id>` undoes it within 10 minutes.
    """
    queue = _known(path.queue)
    options = read_options(PurgeBody)
    done = tq.purge(queue, by=operator(options.reason), at_most=options.at_most)
    redis_deadline.restart()
    can_undo = done.operation if done.purged else None
    view = QueuePurged(
        **_now(queue),
        purged=done.purged,
        undo_id=can_undo and can_undo.id,
        undo_until=can_undo and can_undo.undo_until,
    )
    return respond(view)


def _changed(queue: str) -> Response:
    return respond(QueueChanged(**_now(queue), purged=0))


def _now(queue: str) -> dict[str, Any]:
    now = next(one for one in tq.queue_stats() if one.queue == queue)
    read_at = datetime.now(UTC)
    return {"queue": queue, "paused": now.paused, "draining": now.draining, "ts": read_at}


def _known(queue: str) -> str:
    if queue not in tq.QUEUES:
        raise QueueNotFound(tq.unknown_queue(queue).detail)
    check_queue(queue)
    return queue
