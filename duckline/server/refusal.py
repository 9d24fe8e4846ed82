"""Answer invalid HTTP with problems like the application's, with its headers.

gunicorn would answer in HTML, with the client's text in it and without our security headers.
"""

import json
from collections.abc import Sequence
from typing import Any

from gunicorn.http import errors as http

from duckline.server.wire import SlowClient

Headers = Sequence[tuple[str, str]]

#: What the client did: a code of `web.http.problems` and a detail. The first class that fits wins.
_DETAILS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, str], ...] = (
    (SlowClient, "request_timeout", ""),
    (http.LimitRequestLine, "uri_too_long", ""),
    (http.LimitRequestHeaders, "headers_too_large", ""),
    (http.ExpectationFailed, "expectation_failed", ""),
    (http.UnsupportedTransferCoding, "not_implemented", "This transfer coding is not supported."),
    (http.ForbiddenProxyRequest, "forbidden", ""),
    (http.InvalidHTTPVersion, "bad_request", "Only HTTP/1.1 and HTTP/1.0 are supported."),
    (http.InvalidRequestMethod, "bad_request", "The method is not an HTTP method."),
    (http.InvalidRequestLine, "bad_request", "The first line is not an HTTP/1.1 request line."),
    (http.ObsoleteFolding, "bad_request", "A header continues on a second line."),
    (http.InvalidHeaderName, "bad_request", "The name of a header is invalid."),
    (http.InvalidSchemeHeaders, "bad_request", "Headers contradict each other."),
    (http.ParseException, "bad_request", ""),
)
#: What gunicorn calls a mistake in a message, and is one of ours.
_errors: Any = http  # gunicorn's type stubs omit two
_OURS: tuple[type[Exception], ...] = (
    _errors.ConfigurationProblem,
    _errors.InvalidResponseHeader,
    _errors.InvalidResponseHeaderName,
)


def code_of(error: Exception) -> tuple[str, str] | None:
    """Return the code and the detail of a client's mistake; None if it was not the client's."""
    if isinstance(error, _OURS):
        return None
    if isinstance(error, http.InvalidHeader) and error.hdr == "HOST":
        return "bad_request", "HTTP/1.1 requires exactly one valid Host header."
    return next(((code, text) for kind, code, text in _DETAILS if isinstance(error, kind)), None)


def request_id(read: Headers = ()) -> str:
    """Return the id of a request of which these headers were read: its own, or a new one."""
    # Imported here, because only a worker loads the application.
    from web.http.problems import choose_request_id

    return choose_request_id(next((value for name, value in read if name == "X-REQUEST-ID"), ""))


def answer(code: str, detail: str, request_id: str) -> tuple[int, bytes]:
    """Return the status and the bytes of the whole answer, after which the connection closes."""
    from web.http.problems import problem_body
    from web.http.security import plain_headers

    problem = {**problem_body(code, detail), "request_id": request_id}
    body = json.dumps(problem).encode()
    lines = [
        f"HTTP/1.1 {problem['status']} {problem['title']}",
        "Server: gunicorn",
        "Connection: close",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in plain_headers()),
        f"X-Request-ID: {request_id}",
    ]
    if problem["status"] == 503:
        lines.append("Retry-After: 2")
    return int(problem["status"]), "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
