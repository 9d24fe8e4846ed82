"""For gunicorn: answers that only a defect, or a worker that ends, makes."""

import json
from collections.abc import Iterable
from typing import Any

import gevent


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer by the path."""
    match environ["PATH_INFO"]:
        case "/cut":
            start_response("200 OK", [("Content-Length", "5")])
            return _cut()
        case "/header":
            start_response("200 OK", [("X-Own", "two\r\nlines")])
            return []
        case "/error":
            raise RuntimeError("a defect")
        case _:
            seen = [environ["wsgi.url_scheme"], environ["REMOTE_ADDR"]]
            body = json.dumps(seen).encode()
            start_response("200 OK", [("Content-Length", str(len(body)))])
            return [body]


def _cut() -> Iterable[bytes]:
    yield b"he"
    raise gevent.GreenletExit
