"""`GET /metrics`, for Prometheus.

The numbers of tasks come from Redis, where the scripts count them, so every web process of every
machine gives the same; those of HTTP come from the web processes of this address.
"""

import threading
import time

from flask import Response, current_app

import huey_tasks as tq
from web.http.responses import JsonAnswer
from web.http.traffic import traffic_text
from web.monitoring import metrics_text
from web.openapi.answers import header
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import problems

metrics = ApiBlueprint("metrics", "metrics", prefix="")

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
#: Seconds for which a text serves further scrapes: several servers cost as much as one.
_FRESH_S = 1.0
_EXTENSION = "duckline_metrics"


class _Latest:
    """The last text about the queues; one request at a time reads it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._text, self._read_at = "", float("-inf")

    def text(self) -> str:
        """Return the text, read within the last second."""
        with self._lock:
            if time.monotonic() - self._read_at >= _FRESH_S:
                self._text, self._read_at = _read(), time.monotonic()
            return self._text


def _read() -> str:
    """Read the numbers in two round trips."""
    try:
        totals, info = tq.read_totals(), tq.redis_info()
    except tq.ServiceBusy:
        raise
    except tq.QueueUnavailable:
        return metrics_text.write([metrics_text.up(0)])
    return metrics_text.write(
        [
            metrics_text.up(1),
            *metrics_text.of_queues(totals),
            *metrics_text.of_redis(info),
        ]
    )


@metrics.get(
    "/metrics",
    responses={
        200: {
            "description": "The metrics, in Prometheus' text format.",
            "headers": {"X-Request-ID": header("The id of this request.")},
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **problems("service_busy"),
    },
)
def read_metrics() -> Response:
    """Read the metrics of the service for Prometheus.

    While Redis is away `duckline_redis_up` is 0, and what is known without it is there.
    """
    latest: _Latest = current_app.extensions.setdefault(_EXTENSION, _Latest())
    text = latest.text() + traffic_text().decode()
    return JsonAnswer(text, 200, {}, CONTENT_TYPE)
