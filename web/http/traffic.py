"""Count the requests and sockets of this process, for `/metrics`.

Several web processes serve one port, and a scrape reaches any of them. So gunicorn_conf sets
PROMETHEUS_MULTIPROC_DIR: each process then counts in a file there, and each can read the sum of
all. Without it, as in a test, a process counts only for itself.
"""

import os
from collections.abc import Iterable
from time import perf_counter
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from web.http.root_path import Environ, Wsgi

disable_created_metrics()  # a series more for each of ours, that nothing uses
_OWN = CollectorRegistry()
_BUCKETS_S = (0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_requests = Histogram(
    "duckline_http_request_duration_seconds",
    "Time until the answer of a request began, on all web processes of this address.",
    ("method", "route", "status"),
    buckets=_BUCKETS_S,
    registry=_OWN,
)
#: Where an answer that Flask did not make has its rule.
ROUTE = "duckline.route"
#: Open WebSockets.
sockets = Gauge(
    "duckline_sockets",
    "Open WebSockets, on all web processes of this address.",
    multiprocess_mode="livesum",
    registry=_OWN,
)
# A look-up by labels takes longer than the observation itself.
_observe: dict[tuple[str, str, str], Any] = {}


class Timed:
    """A WSGI application whose requests are counted, by method, route and status.

    The route is the rule that matched, so that ids in paths make no names. A socket starts no
    answer, and is no request.
    """

    def __init__(self, application: Wsgi) -> None:
        self._application = application

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        begun = perf_counter()

        def start(status: str, headers: Any, exc_info: Any = None) -> Any:
            labels = (environ["REQUEST_METHOD"], _route(environ), status[:3])
            observe = _observe.get(labels) or _observer(labels)
            observe(perf_counter() - begun)
            return start_response(status, headers, exc_info)

        return self._application(environ, start)


def traffic_text() -> bytes:
    """Return the counts of all web processes of this address, in Prometheus' text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(_OWN)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry)


def _route(environ: Environ) -> str:
    if ROUTE in environ:
        return environ[ROUTE]
    # Flask has its request here until the answer has begun.
    request = environ.get("werkzeug.request")
    rule = getattr(request, "url_rule", None)
    return rule.rule if rule is not None else "none"


def _observer(labels: tuple[str, str, str]) -> Any:
    method, route, status = labels
    known = method if method in _METHODS else "other"
    found = _requests.labels(known, route, status).observe
    if known == method:  # any client can make up methods without end
        _observe[labels] = found
    return found
