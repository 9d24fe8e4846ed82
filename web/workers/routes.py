"""Consumers and their workers over HTTP."""

from flask import Response

import huey_tasks as tq
from web.http.reach import reach
from web.http.responses import respond
from web.openapi.answers import ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import problems
from web.workers.schemas import ConsumerList, ConsumerView

workers = ApiBlueprint("workers", "workers")


@workers.get(
    "/workers",
    responses={**ok(200, ConsumerList, "The consumers."), **problems("queue_unavailable")},
)
def list_workers() -> Response:
    """List the live consumers, and what each of their workers runs.

    For a task that the key does not reach, the answer says only that a worker is busy.
    """
    found = [consumer.within(reach()) for consumer in tq.consumers()]
    return respond(ConsumerList(consumers=[ConsumerView.model_validate(each) for each in found]))
