"""Who does the work, and whether it can be done: consumers, statistics and health over HTTP."""

from flask import Response

import huey_tasks as tq
from web.http.errors import Unhealthy
from web.http.responses import respond
from web.http.security import tickets
from web.http.tickets import LIFE_S
from web.openapi.app import ApiBlueprint, ok, problems
from web.queues.schemas import (
    ConsumerList,
    ConsumerView,
    Health,
    QueueHealth,
    SocketTicket,
    StatsView,
)

_ABOUT = "Consumers, their workers, statistics and health."
workers = ApiBlueprint("workers", "workers", _ABOUT)


@workers.get(
    "/workers",
    responses={**ok(200, ConsumerList, "The consumers."), **problems("queue_unavailable")},
)
def list_workers() -> Response:
    """List the live consumers, and what each of their workers does."""
    views = [ConsumerView.model_validate(consumer) for consumer in tq.consumers()]
    return respond(ConsumerList(consumers=views))


@workers.get(
    "/workers/stats",
    responses={**ok(200, StatsView, "The numbers."), **problems("queue_unavailable")},
)
def read_stats() -> Response:
    """Read the whole service in numbers."""
    return respond(StatsView.of(tq.stats()))


@workers.post(
    "/ws-ticket",
    responses={**ok(200, SocketTicket, "A ticket."), **problems("cross_site")},
)
def issue_ticket() -> Response:
    """Get a ticket that opens `/ws/stats`, for pages: they can send no key with a WebSocket."""
    return respond(SocketTicket(ticket=tickets().issue(), expires_in_s=LIFE_S))


@workers.get(
    "/workers/health",
    responses={
        **ok(200, Health, "Redis answers and every queue has a live consumer."),
        **problems("unhealthy"),
    },
)
def read_health() -> Response:
    """Say whether work can be done.

    Redis answers, can be trusted with tasks, none of those accepted is missing, and every queue has
    a live consumer.
    """
    try:
        stats = tq.queue_stats()
        found = {one.queue: one.consumers for one in stats}
        reasons = [f"REDIS_URL: {trouble}." for trouble in tq.server_troubles()]
        reasons += [loss for one in stats for loss in one.losses]
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
