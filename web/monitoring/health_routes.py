"""For whoever starts and restarts this process: does it live, and may it be sent requests?

These two need no key and no name of ours, because a load balancer or kubelet has neither, and so
they say one word. What is wrong, and whether anybody does the work, is in `/api/workers/health`.
"""

from flask import Response

import huey_tasks as tq
from web.http.errors import NotReady
from web.http.responses import respond
from web.openapi.app import ApiBlueprint, ok, open_problems
from web.queues.schemas import Live, Ready

_ABOUT = "For load balancers and supervisors."
health = ApiBlueprint("health", "health", _ABOUT, prefix="/health")


@health.get("/live", responses={**ok(200, Live, "It does."), **open_problems()})
def read_live() -> Response:
    """Say that this process serves requests."""
    return respond(Live())


@health.get("/ready", responses={**ok(200, Ready, "It may."), **open_problems("not_ready")})
def read_ready() -> Response:
    """Say whether this process may be sent requests: Redis answers."""
    try:
        tq.ping()
    except tq.QueueUnavailable as error:
        raise NotReady("Not ready.") from error
    return respond(Ready())
