"""`/ws/stats` in the OpenAPI document: flask-openapi3 does not collect WebSocket routes."""

from typing import Any

from web.monitoring.stats_schemas import StatsView
from web.openapi.problems import problems


def socket_operation() -> dict[str, Any]:
    """Document the operation."""
    codes = ("bad_request", "cross_site", "upgrade_required", "too_many_sockets")
    responses = {str(status): answer for status, answer in problems(*codes).items()}
    switched = (
        "The connection is a WebSocket now. The server sends one text frame at once and then every "
        f"2 s: the JSON of `{StatsView.__name__}` with `ts` (RFC 3339), or, while Redis does not "
        "answer, `error` (a problem) and `ts`. Each frame has `seq`, which grows by 1, and "
        "`epoch`, the id of the web process: after a gap, or with another epoch, a client has "
        "missed something and should read again. A page, which cannot send headers here, uses "
        "`?ticket=` with a ticket of `POST /api/ws-ticket`."
    )
    return {
        "operationId": "stats_socket",
        "tags": ["workers"],
        "summary": "Receive the statistics over a WebSocket.",
        "responses": {"101": {"description": switched}, **responses},
    }
