"""The three queues over HTTP, in numbers."""

from flask import Response

import huey_tasks as tq
from web.answers import respond
from web.openapi import ApiBlueprint, ok, problems
from web.stack_schemas import QueueList, QueueView

_ABOUT = "What waits, runs and has run, by queue."
queues = ApiBlueprint("queues", "queues", _ABOUT)


@queues.get(
    "/queues", responses={**ok(200, QueueList, "The queues."), **problems("queue_unavailable")}
)
def list_queues() -> Response:
    """List the queues with their counts, the most urgent one first."""
    return respond(QueueList(queues=[QueueView.model_validate(one) for one in tq.queue_stats()]))
