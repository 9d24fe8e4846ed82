"""The schemas of the health checks."""

from typing import Literal

from web.http.models import Outbound


class QueueHealth(Outbound):
    consumers: int


class Health(Outbound):
    """Tasks can be run."""

    status: Literal["ok"] = "ok"
    redis: Literal["ok"] = "ok"
    queues: dict[str, QueueHealth]
    reasons: list[str]


class Live(Outbound):
    """This process serves requests."""

    status: Literal["live"] = "live"


class Ready(Outbound):
    """This process serves requests, Redis answers, and no queue has lost its consumers."""

    status: Literal["ready"] = "ready"
