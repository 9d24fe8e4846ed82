"""The answers to what is no proper HTTP: problems as the application's own, with its headers.

gunicorn would answer in HTML, with the client's text in it and none of the headers of ours.
"""

import json
from collections.abc import Sequence

from gunicorn.http import errors as http

from server.wire import SlowClient

Headers = Sequence[tuple[str, str]]

#: What the client did: a code of `web.http.problems` and a detail. The first class that fits wins.
_WORDS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, str], ...] = (
    (SlowClient, "request_timeout", "The request did not come in time."),
    (http.LimitRequestLine, "uri_too_long", ""),
    (http.LimitRequestHeaders, "headers_too_large", ""),
    (http.ExpectationFailed, "expectation_failed", ""),
    (http.UnsupportedTransferCoding, "not_implemented", "This transfer coding is not known here."),
    (http.ForbiddenProxyRequest, "forbidden", ""),
    (http.InvalidHTTPVersion, "bad_request", "Only HTTP/1.1 and HTTP/1.0 are spoken here."),
    (http.InvalidRequestMethod, "bad_request", "The method of the request is no method of HTTP."),
    (http.InvalidRequestLine, "bad_request", "The first line is not one of an HTTP/1.1 request."),
    (http.ObsoleteFolding, "bad_request", "A header goes on in a second line."),
    (http.InvalidHeaderName, "bad_request", "The name of a header is not right."),
    (http.InvalidSchemeHeaders, "bad_request", "Headers contradict each other."),
    (http.ParseException, "bad_request", ""),
)


def code_of(error: Exception) -> tuple[str, str] | None:
    """The code and the words for what the client did wrong; None if it was not the client."""
    if isinstance(error, http.ConfigurationProblem):
        return None
    if isinstance(error, http.InvalidHeader) and error.hdr == "HOST":
        return "bad_request", "HTTP/1.1 asks for one proper Host header."
    return next(((code, words) for kind, code, words in _WORDS if isinstance(error, kind)), None)


def answer(code: str, detail: str, read: Headers = ()) -> tuple[int, bytes]:
    """The status and the whole answer, after which the connection closes.

    `read`: the headers of the request, as far as they were read.
    """
    from web.http.problems import (
        choose_request_id,
        problem_body,
    )  # only a worker has the application
    from web.http.security import plain_headers

    sent = next((value for name, value in read if name == "X-REQUEST-ID"), "")
    request_id = choose_request_id(sent)
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
