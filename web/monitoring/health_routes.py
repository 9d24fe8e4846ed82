"""Health checks over HTTP.

`/health/live` and `/health/ready` need no API key and no known host name, because a load balancer
or kubelet has neither; so they name nothing but Redis and queues. `/api/workers/health` says what
is wrong, and whether tasks are being run.
"""

from collections.abc import Iterable

from flask import Response

import huey_tasks as tq
from web.http.errors import NotReady, Unhealthy
from web.http.responses import respond
from web.monitoring.health_schemas import Health, Live, QueueHealth, Ready
from web.openapi.answers import ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import open_problems, problems

health = ApiBlueprint("health", "health", prefix="/health")
work_health = ApiBlueprint("work_health", "workers")

_NO_WRITES = "Redis takes no writes."


@health.get("/live", responses={**ok(200, Live, "The process serves requests."), **open_problems()})
def read_live() -> Response:
    """Check whether this process serves requests."""
    return respond(Live())


@health.get(
    "/ready",
    responses={
        **ok(200, Ready, "Redis answers, and no queue has lost its consumers."),
        **open_problems("not_ready"),
    },
)
def read_ready() -> Response:
    """Check whether this process can handle requests, and whether tasks will run.

    Redis answers, and no queue has only consumers that have missed two heartbeats without a
    goodbye. One that has none yet, or none any more after a clean stop, does not count as lost.
    """
    try:
        silent = tq.silent_queues()
        # Then consumers cannot say that they live, however well they are.
        takes_writes = not silent or _takes_writes(tq.queue_stats())
    except tq.QueueUnavailable as error:
        # Not the detail of the error, which may name what only a holder of a key should see.
        reason = "Redis does not answer."
        raise NotReady(reason, reasons=[reason]) from error
    if not takes_writes:
        raise NotReady(_NO_WRITES, reasons=[_NO_WRITES])
    if silent:
        reasons = [
            f"Queue '{queue}': its consumers have been silent for {seconds:.1f} s."
            for queue, seconds in silent
        ]
        raise NotReady(" ".join(reasons), reasons=reasons)
    return respond(Ready())


@work_health.get(
    "/workers/health",
    responses={
        **ok(200, Health, "Redis answers and every queue has a live consumer."),
        **problems("unhealthy", "service_busy"),
    },
)
def read_health() -> Response:
    """Check whether tasks can be run.

    Redis answers, its settings are safe for tasks, no accepted task is missing, every queue has a
    live consumer, and there are tasks in no queue that `QUEUES` does not name.
    """
    try:
        stats = tq.queue_stats()
        found = {one.queue: one.consumers for one in stats}
        reasons = [f"REDIS_URL: {trouble}." for trouble in tq.server_troubles()]
        if not _takes_writes(stats):
            reasons.append(_NO_WRITES)
        reasons += [loss for one in stats for loss in one.losses]
        reasons += tq.left_behind_queues()
    except tq.ServiceBusy:
        raise
    except tq.QueueUnavailable as error:
        raise Unhealthy(error.detail, redis="away", queues={}, reasons=[error.detail]) from error
    reasons += [
        f"Queue '{queue}' has no live consumer."
        for queue, consumers in found.items()
        if not consumers
    ]
    queues = {queue: QueueHealth(consumers=consumers) for queue, consumers in found.items()}
    if reasons:
        shown = {queue: view.model_dump() for queue, view in queues.items()}
        raise Unhealthy(" ".join(reasons), redis="ok", queues=shown, reasons=reasons)
    return respond(Health(queues=queues, reasons=[]))


def _takes_writes(stats: Iterable[tq.QueueStats]) -> bool:
    return all(one.refuses != "queue_unavailable" for one in stats)
