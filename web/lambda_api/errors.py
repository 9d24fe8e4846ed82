"""The errors of AWS's Lambda API: JSON bodies with the code in the header X-Amzn-ErrorType.

AWS's clients choose the class of an exception by that header. The names of the members differ from
code to code, and so do they here.
"""

import contextlib
import json
import logging
import uuid
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, g, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import HTTPException

import huey_tasks as tq
from huey_tasks.errors import DucklineError

log = logging.getLogger("duckline.web")

#: Bytes of a refused body that are read and dropped.
_MOST_REST = 64 * 1024 * 1024

_STATUS: Mapping[str, int] = {
    "AccessDeniedException": 403,
    "ConcurrentInvocationLimitExceeded": 429,
    "MissingAuthenticationTokenException": 403,
    "UnrecognizedClientException": 403,
    "RequestTimeoutException": 408,
    "ResourceNotFoundException": 404,
    "ResourceConflictException": 409,
    "PreconditionFailedException": 412,
    "RequestTooLargeException": 413,
    "UnsupportedMediaTypeException": 415,
    "TooManyRequestsException": 429,
    "ServiceException": 500,
    "ServiceUnavailableException": 503,
}
#: These have a capital `Message`; ValidationException has no `Type`.
_CAPITAL = frozenset(
    {"ResourceNotFoundException", "RecursiveInvocationException", "ServiceException",
     "ServiceUnavailableException"}
)  # fmt: skip
_OF_SERVICE = frozenset({"ServiceException", "ServiceUnavailableException"})
#: The codes of our own errors as AWS's; what is not here is a ServiceException.
_OURS: Mapping[str, str] = {
    "forbidden": "AccessDeniedException",
    "cross_site": "AccessDeniedException",
    "unknown_host": "AccessDeniedException",
    "unauthorized": "UnrecognizedClientException",
    "invalid_json": "InvalidRequestContentException",
    "invalid_request": "InvalidRequestContentException",
    "invalid_payload": "InvalidRequestContentException",
    "request_timeout": "RequestTimeoutException",
    "queue_unavailable": "ServiceUnavailableException",
    "keys_lost": "ServiceUnavailableException",
    "service_busy": "ServiceUnavailableException",
    "queue_draining": "ServiceUnavailableException",
    "rate_exceeded": "TooManyRequestsException",
    "too_many_failures": "TooManyRequestsException",
    "queue_full": "TooManyRequestsException",
    "memory_low": "TooManyRequestsException",
    "too_many_bodies": "ServiceUnavailableException",
}


class AwsError(Exception):
    """A refusal in AWS's words. `code` decides the status, 400 if nothing else is known of it."""

    def __init__(self, code: str, message: str, **more: str) -> None:
        super().__init__(message)
        self.code, self.message, self.more = code, message, more

    @property
    def status(self) -> int:
        """The HTTP status."""
        return _STATUS.get(self.code, 400)


def invalid(text: str, field: str, rule: str) -> AwsError:
    """Return the error of a value that does not fit the API's model."""
    found = f"Value '{text}' at '{field}' failed to satisfy constraint: Member must {rule}"
    return AwsError("ValidationException", f"1 validation error detected: {found}")


def too_many(*, is_reserved: bool) -> AwsError:
    """Return the error of a synchronous invocation for which there is no room."""
    kind = "ReservedFunctionConcurrent" if is_reserved else "Concurrent"
    reason = f"{kind}InvocationLimitExceeded"
    return AwsError("TooManyRequestsException", "Rate Exceeded.", Reason=reason)


def request_id() -> str:
    """Return the id of this request, a UUID; an invocation has the id of its task."""
    known: str | None = g.get("aws_request_id")
    if known is None:
        known = g.aws_request_id = str(uuid.uuid4())
    return known


def register(app: Flask) -> None:
    """Let `app` answer every error as AWS does."""
    app.register_error_handler(AwsError, answer)
    app.register_error_handler(DucklineError, _answer_duckline)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_unexpected)


def answer(error: AwsError, status: int | None = None) -> Response:
    """Write an error."""
    body: dict[str, Any] = dict(error.more)
    if error.code != "ValidationException":
        body["Type"] = "Service" if error.code in _OF_SERVICE else "User"
    body["Message" if error.code in _CAPITAL else "message"] = error.message
    status = status or error.status
    made = Response(json.dumps(body), status, content_type="application/json")
    made.headers["X-Amzn-ErrorType"] = error.code
    if status in (429, 503):
        made.headers["Retry-After"] = "1"
    return made


def _answer_duckline(error: DucklineError) -> Response:
    code = _OURS.get(error.code)
    if code is None:
        return _answer_unexpected(error)
    return answer(AwsError(code, tq.escaped(error.detail)))


def _answer_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status >= 500:
        return _answer_unexpected(error)
    if status == 413:
        return answer(AwsError("RequestTooLargeException", "The request is too large."))
    text = (
        f"{request.method} {request.path[:256]} is no operation that Duckline emulates; functions "
        "are files in FUNCTIONS_PATH; their settings and what calls them are in functions.toml."
    )
    made = answer(AwsError("UnknownOperationException", tq.escaped(text)), status)
    if allowed := dict(error.get_headers()).get("Allow"):
        made.headers["Allow"] = allowed
    return made


def _answer_unexpected(error: Exception) -> Response:
    log.error("request %s failed", request_id(), exc_info=error)
    text = "An error occurred and the request cannot be processed; the service's log has it."
    return answer(AwsError("ServiceException", text))


def read_rest(answer: Response) -> Response:
    """Read what is left of a refused body: a client that still sends would miss the answer."""
    left = _MOST_REST if answer.status_code >= 400 else 0
    with contextlib.suppress(OSError, ParseException):  # then the client does not send on either
        while left > 0 and (part := request.environ["wsgi.input"].read(65_536)):
            left -= len(part)
    return answer
