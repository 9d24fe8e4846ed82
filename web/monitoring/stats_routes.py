"""The counts of the whole service, over HTTP."""

from flask import Response

import huey_tasks as tq
from web.http.responses import respond
from web.monitoring.stats_schemas import StatsView
from web.openapi.answers import ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import problems

statistics = ApiBlueprint("statistics", "workers")


@statistics.get(
    "/workers/stats",
    responses={**ok(200, StatsView, "The counts."), **problems("queue_unavailable")},
)
def read_stats() -> Response:
    """Read the counts of the whole service."""
    return respond(StatsView.of(tq.stats()))
