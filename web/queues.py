"""The three queues over HTTP: their numbers, and pause, drain, resume and purge."""

from typing import cast

from flask import Response

import huey_tasks as tq
from web.answers import respond
from web.openapi import ApiBlueprint, ok, problems
from web.parameters import QueueName, QueuePath
from web.refusals import QueueNotFound
from web.stack_schemas import QueueChanged, QueueList, QueueView

_ABOUT = "What waits, runs and has run, by queue."
queues = ApiBlueprint("queues", "queues", _ABOUT)

_CHANGED = {
    **ok(200, QueueChanged, "It is done."),
    **problems("cross_site", "queue_not_found", "queue_unavailable"),
}


@queues.get(
    "/queues", responses={**ok(200, QueueList, "The queues."), **problems("queue_unavailable")}
)
def list_queues() -> Response:
    """List the queues with their counts, the most urgent one first."""
    return respond(QueueList(queues=[QueueView.model_validate(one) for one in tq.queue_stats()]))


@queues.post("/queues/<queue>/pause", responses=_CHANGED)
def pause_queue(path: QueuePath) -> Response:
    """Pause a queue: it gives out no tasks; what runs goes on, and submits are taken."""
    queue = _known(path.queue)
    tq.pause(queue)
    return _changed(queue)


@queues.post("/queues/<queue>/drain", responses=_CHANGED)
def drain_queue(path: QueuePath) -> Response:
    """Drain a queue: it works off what it has, and submits are answered with a 503."""
    queue = _known(path.queue)
    tq.drain(queue)
    return _changed(queue)


@queues.post("/queues/<queue>/resume", responses=_CHANGED)
def resume_queue(path: QueuePath) -> Response:
    """Resume a paused or draining queue."""
    queue = _known(path.queue)
    tq.resume(queue)
    return _changed(queue)


@queues.post("/queues/<queue>/purge", responses=_CHANGED)
def purge_queue(path: QueuePath) -> Response:
    """Revoke every task that waits in a queue; what runs or waits to be retried stays."""
    queue = _known(path.queue)
    return _changed(queue, purged=tq.purge(queue))


def _changed(queue: QueueName, purged: int = 0) -> Response:
    now = next(one for one in tq.queue_stats() if one.queue == queue)
    view = QueueChanged(queue=queue, paused=now.paused, draining=now.draining, purged=purged)
    return respond(view)


def _known(queue: str) -> QueueName:
    if queue not in tq.QUEUES:
        raise QueueNotFound("There is no such queue; the queues are high, default and low.")
    return cast(QueueName, queue)
