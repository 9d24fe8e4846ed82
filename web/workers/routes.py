"""Consumers and their workers over HTTP."""

from flask import Response

import huey_tasks as tq
from web.http.reach import reach
from web.http.responses import respond
from web.openapi.answers import ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import problems
from web.workers.schemas import ConsumerList, ConsumerView, WorkerView

workers = ApiBlueprint("workers", "workers")


@workers.get(
    "/workers",
    responses={**ok(200, ConsumerList, "The consumers."), **problems("queue_unavailable")},
)
def list_workers() -> Response:
    """List the live consumers, and what each of their workers runs.

    For a task that the key does not reach, the answer says only that a worker is busy.
    """
    views = [ConsumerView.model_validate(consumer) for consumer in tq.consumers()]
    if not reach().is_whole:
        for view in views:
            view.workers = [_within_reach(worker, view.queue) for worker in view.workers]
    return respond(ConsumerList(consumers=views))


def _within_reach(worker: WorkerView, queue: str) -> WorkerView:
    try:
        reach().check(worker.task_type or "", queue)
    except tq.Forbidden:
        return worker.model_copy(update={"task_id": None, "task_type": None})
    return worker
