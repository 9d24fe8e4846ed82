"""`/ws/stats` in the OpenAPI document, which flask-openapi3 does not know as a route."""

from typing import Any

from web.monitoring.stats_schemas import StatsView
from web.openapi.problems import problems


def socket_operation() -> dict[str, Any]:
    """Document the operation."""
    codes = ("bad_request", "cross_site", "upgrade_required", "too_many_sockets")
    responses = {str(status): answer for status, answer in problems(*codes).items()}
    switched = (
        "The connection is a WebSocket now. At once, and then every 2 s, comes one text frame: "
        f"the JSON of `{StatsView.__name__}` with `ts` (RFC 3339); or, while Redis is away, "
        "`error` (a problem) and `ts`. Each has `seq`, which grows by 1, and `epoch`, the id of "
        "the web process: who sees a gap, or another epoch, has missed something and reads anew. "
        "A page, which can send no header here, asks with `?ticket=` and what "
        "`POST /api/ws-ticket` gives."
    )
    return {
        "operationId": "stats_socket",
        "tags": ["workers"],
        "summary": "The statistics, pushed over a WebSocket.",
        "responses": {"101": {"description": switched}, **responses},
    }
