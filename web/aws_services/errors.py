"""The errors of AWS's JSON services: the code is `__type` in the body, and a header, too."""

import json
import logging
from collections.abc import Mapping

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

import huey_tasks as tq
from huey_tasks.errors import DucklineError
from web.lambda_api.errors import AwsError, request_id

log = logging.getLogger("duckline.web")

_STATUS: Mapping[str, int] = {
    "AccessDeniedException": 403,
    "ConflictException": 409,
    "InternalServerException": 500,
    "MissingAuthenticationTokenException": 403,
    "RequestTooLargeException": 413,
    "ServiceUnavailableException": 503,
    "UnrecognizedClientException": 403,
}
#: The codes of our own errors as AWS's; what is not here is an InternalServerException.
_OURS: Mapping[str, str] = {
    "cross_site": "AccessDeniedException",
    "unknown_host": "AccessDeniedException",
    "invalid_json": "SerializationException",
    "forbidden": "AccessDeniedException",
    "invalid_request": "ValidationException",
    "invalid_payload": "ValidationException",
    "unknown_task_type": "ValidationException",
    "request_timeout": "RequestTimeoutException",
    "schedule_exists": "ConflictException",
    "too_many_schedules": "ServiceQuotaExceededException",
    "queue_unavailable": "ServiceUnavailableException",
    "keys_lost": "ServiceUnavailableException",
    "service_busy": "ServiceUnavailableException",
    "queue_draining": "ServiceUnavailableException",
    "rate_exceeded": "ThrottlingException",
    "too_many_failures": "ThrottlingException",
    "queue_full": "ThrottlingException",
    "memory_low": "ThrottlingException",
    "too_many_bodies": "ServiceUnavailableException",
}


def register(app: Flask) -> None:
    """Let `app` answer every error as AWS's JSON services do."""
    app.register_error_handler(AwsError, _answer)
    app.register_error_handler(DucklineError, _answer_duckline)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_unexpected)


def not_found(message: str) -> AwsError:
    """Return the error of what is not there; its status depends on the service."""
    return AwsError("ResourceNotFoundException", message)


def invalid(message: str) -> AwsError:
    """Return the error of a wrong parameter."""
    return AwsError("ValidationException", message)


def _answer(error: AwsError, status: int | None = None) -> Response:
    status = status or _STATUS.get(error.code, getattr(error, "own_status", 400))
    body = {"__type": error.code, "message": error.message, "Message": error.message}
    made = Response(json.dumps(body), status, content_type="application/x-amz-json-1.1")
    made.headers["X-Amzn-ErrorType"] = error.code
    if status == 503:
        made.headers["Retry-After"] = "1"
    return made


def _answer_duckline(error: DucklineError) -> Response:
    code = _OURS.get(error.code)
    if code is None:
        return _answer_unexpected(error)
    return _answer(AwsError(code, tq.escaped(error.detail)))


def _answer_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status >= 500:
        return _answer_unexpected(error)
    if status == 413:
        return _answer(AwsError("RequestTooLargeException", "The request is too large."))
    return _answer(AwsError("UnknownOperationException", "Duckline has no such operation."), status)


def _answer_unexpected(error: Exception) -> Response:
    log.error("request %s failed", request_id(), exc_info=error)
    text = "The request cannot be processed; the log of the service says why."
    return _answer(AwsError("InternalServerException", text))
