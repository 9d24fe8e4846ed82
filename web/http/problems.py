"""Answer every error of the service as an RFC 9457 problem; one table maps codes to statuses.

`http.errors` draws the tree of the web layer's own errors, `huey_tasks.errors` that of the engine.
No answer contains a stack trace; the log has it, under the id of the request.
"""

import json
import logging
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing.exceptions import WebsocketMismatch

import huey_tasks as tq
from huey_tasks.errors import DucklineError, Problem
from web.http.errors import (
    MAX_PROBLEMS,
    InvalidRequest,
    UpgradeRequired,
    WebError,
    excerpt,
)
from web.http.responses import JsonAnswer
from web.http.root_path import Environ, address

log = logging.getLogger("duckline.web")

#: Where the environment of a request keeps its id.
_REQUEST_ID = "duckline.request_id"
#: Where it keeps the error of a request that failed before it came to Flask.
EARLIER = "duckline.error"
_SAFE_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Kind:
    """The HTTP form of one error code; `title` is the reason phrase of RFC 9110 where it fits."""

    status: int
    title: str
    detail: str = ""


KINDS: Mapping[str, Kind] = {
    "bad_request": Kind(400, "Bad request", "The request is not valid HTTP."),
    "invalid_json": Kind(400, "Invalid JSON"),
    "unsupported": Kind(400, "Not supported"),
    "unauthorized": Kind(401, "Unauthorized"),
    "cross_site": Kind(403, "Cross-site request"),
    "forbidden": Kind(403, "Forbidden", "This is not allowed."),
    "not_found": Kind(404, "Not found", "Nothing exists at this path."),
    "task_not_found": Kind(404, "Task not found"),
    "task_type_not_found": Kind(404, "Task type not found"),
    "undo_not_found": Kind(404, "Nothing to undo"),
    "queue_not_found": Kind(404, "Queue not found"),
    "failures_not_found": Kind(404, "Failure group not found"),
    "schedule_not_found": Kind(404, "Schedule not found"),
    "webhook_not_found": Kind(404, "Webhook not found"),
    "delivery_not_found": Kind(404, "Delivery not found"),
    "key_not_found": Kind(404, "Key not found"),
    "flow_not_found": Kind(404, "Flow not found"),
    "function_not_found": Kind(404, "Function not found"),
    "saved_event_not_found": Kind(404, "Saved event not found"),
    "method_not_allowed": Kind(
        405,
        "Method not allowed",
        "This path does not accept this method; the Allow header lists those it accepts.",
    ),
    "task_finished": Kind(409, "Task already finished"),
    "changed_meanwhile": Kind(409, "Changed meanwhile"),
    "task_running": Kind(409, "Task already started"),
    "task_not_retryable": Kind(409, "Task cannot be retried"),
    "flow_finished": Kind(409, "Flow already finished"),
    "flow_not_retryable": Kind(409, "Flow cannot be retried"),
    "schedule_exists": Kind(409, "Schedule already exists"),
    "schedule_running": Kind(409, "Previous run has not ended"),
    "too_many_schedules": Kind(409, "Too many schedules"),
    "too_many_webhooks": Kind(409, "Too many webhooks"),
    "too_many_keys": Kind(409, "Too many keys"),
    "key_name_taken": Kind(409, "Name already taken"),
    "key_fixed": Kind(409, "Key of the settings"),
    "last_admin": Kind(409, "Last admin key"),
    "too_many_saved_events": Kind(409, "Too many saved events"),
    "operation_over": Kind(409, "Operation cannot continue"),
    "request_timeout": Kind(408, "Request timeout", "The request did not arrive in time."),
    "body_too_large": Kind(413, "Content too large", "The body is larger than this path accepts."),
    "task_too_large": Kind(413, "Task too large"),
    "too_many_tasks": Kind(413, "Too many tasks"),
    "uri_too_long": Kind(414, "URI too long", "The URI of the request is too long."),
    "unsupported_media_type": Kind(415, "Unsupported media type"),
    "unknown_host": Kind(421, "Misdirected request"),
    "invalid_request": Kind(422, "Invalid request"),
    "invalid_flow": Kind(422, "Invalid flow"),
    "invalid_payload": Kind(422, "Invalid payload"),
    "unknown_task_type": Kind(422, "Unknown task type"),
    "unknown_queue": Kind(422, "Unknown queue"),
    "idempotency_key_reused": Kind(422, "Idempotency key reused"),
    "expectation_failed": Kind(
        417, "Expectation failed", "The only supported expectation is 100-continue."
    ),
    "headers_too_large": Kind(
        431, "Request header fields too large", "The headers of the request are too large."
    ),
    "function_busy": Kind(429, "Function busy"),
    "rate_exceeded": Kind(429, "Rate exceeded"),
    "too_many_failures": Kind(429, "Too many failed logins"),
    "queue_full": Kind(429, "Queue full"),
    "memory_low": Kind(429, "Memory low"),
    "upgrade_required": Kind(426, "Upgrade required"),
    "internal_error": Kind(
        500, "Internal server error", "The request failed; see the log for this request_id."
    ),
    "not_implemented": Kind(501, "Not implemented", "The server does not support this."),
    "queue_unavailable": Kind(503, "Queue unavailable"),
    "keys_lost": Kind(503, "API keys lost"),
    "service_busy": Kind(503, "Service busy"),
    "queue_draining": Kind(503, "Queue draining"),
    "unhealthy": Kind(503, "Unhealthy"),
    "not_ready": Kind(503, "Not ready"),
    "too_many_sockets": Kind(503, "Too many WebSocket connections"),
    "too_many_waiting": Kind(503, "Too many waiting requests"),
    "too_many_streams": Kind(503, "Too many event streams"),
    "too_many_bodies": Kind(503, "Too many large bodies"),
    "too_many_bulks": Kind(503, "Too many bulk requests"),
}
_CODE_OF_STATUS = {
    400: "bad_request",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    501: "not_implemented",
}


def request_id() -> str:
    """Return the id of this request: a short, safe X-Request-ID of the caller, or a new one."""
    return id_of(request.environ)


def id_of(environ: Environ) -> str:
    """Return the id of the request with that environment."""
    known: str | None = environ.get(_REQUEST_ID)
    if known is None:
        known = environ[_REQUEST_ID] = choose_request_id(environ.get("HTTP_X_REQUEST_ID", ""))
    return known


def choose_request_id(sent: str) -> str:
    """Return the id that a caller `sent` if it is short and safe, else a new one."""
    return sent if sent and _SAFE_REQUEST_ID.fullmatch(sent) else secrets.token_hex(16)


def problem_body(
    code: str, detail: str = "", *, status: int | None = None, **extra: Any
) -> dict[str, Any]:
    """Build the members of an RFC 9457 problem; `extra` adds or overrides members."""
    kind = KINDS.get(code) or Kind(status or 500, "Refused", "The request was refused.")
    return {
        "type": f"urn:duckline:problem:{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail or kind.detail,
        "code": code,
        **extra,
    }


def error_extra(error: DucklineError) -> dict[str, Any]:
    """Return the members of a problem beyond code and detail: invalid fields, or reasons."""
    extra: dict[str, Any] = dict(error.extra) if isinstance(error, WebError) else {}
    if isinstance(error, tq.QueueUnavailable) and error.task_id is not None:
        extra["task_id"] = error.task_id
    for problem in _problems_of(error):
        item = {
            "pointer": excerpt(problem.pointer),
            "code": problem.code,
            "message": tq.escaped(problem.message),
        }
        extra.setdefault("errors", []).append(item)
    return extra


def register(app: Flask) -> None:
    """Make `app` answer every error as `application/problem+json`.

    To be called before other checks are registered: a request that has failed gets none.
    """
    app.before_request(_raise_earlier)
    app.register_error_handler(DucklineError, _answer_duckline)
    app.register_error_handler(HTTPException, answer_http)
    app.register_error_handler(Exception, _answer_unexpected)


def _raise_earlier() -> None:
    # The error holds this frame and the environment, with the body: it must be held by neither.
    error = request.environ.pop(EARLIER, None)
    try:
        if error is not None:
            raise error
    finally:
        del error


def _answer_duckline(error: DucklineError) -> Response:
    if error.code not in KINDS:
        return _answer_unexpected(error)
    headers = error.headers if isinstance(error, WebError) else {}
    if isinstance(error, tq.QueueUnavailable | tq.QueueRefuses | tq.RateExceeded):
        headers = {"Retry-After": str(error.retry_after_s)}
    return _respond(
        problem_body(error.code, tq.escaped(error.detail), **error_extra(error)), headers
    )


def answer_http(error: HTTPException) -> Response:
    """Answer an error of Flask or werkzeug as a problem."""
    if isinstance(error, WebsocketMismatch) and request.path.startswith("/ws/"):
        return _answer_duckline(UpgradeRequired("This path only accepts WebSocket handshakes."))
    status = error.code or 500
    code = _CODE_OF_STATUS.get(status, f"http_{status}")
    kept = {"allow", "retry-after", "www-authenticate"}
    headers = {name: value for name, value in error.get_headers() if name.lower() in kept}
    if status >= 500:
        log.error("answered %d", status, exc_info=error, extra={"request_id": request_id()})
    detail = _allowed(error) if isinstance(error, MethodNotAllowed) else _limit_of_body(status)
    return _respond(problem_body(code, detail, status=status), headers)


def _allowed(error: MethodNotAllowed) -> str:
    """Return a detail with the methods of the path, "" if they are unknown."""
    methods = sorted(set(error.valid_methods or ()) - {"HEAD", "OPTIONS"})
    return f"This path accepts {', '.join(methods)}." if methods else ""


def _limit_of_body(status: int) -> str:
    """Return a detail with the largest body this path accepts; "" unless `status` is 413."""
    limit = request.max_content_length
    if status != 413 or limit is None:
        return ""
    return f"The body is larger than the {limit:,} bytes that this path accepts."


def _answer_unexpected(error: Exception) -> Response:
    log.error(
        "request %s failed: %s %s",
        request_id(),
        request.method,
        excerpt(request.path),
        exc_info=error,
        extra={"request_id": request_id()},
    )
    return _respond(problem_body("internal_error"), {})


def _respond(body: dict[str, Any], headers: Mapping[str, str]) -> Response:
    instance = excerpt(quote(address(request.path), safe="/:@!$&'()*+,;=~"))
    body = {**body, "instance": instance, "request_id": request_id()}
    return JsonAnswer(json.dumps(body), body["status"], headers, "application/problem+json")


def _problems_of(error: DucklineError) -> list[Problem]:
    if isinstance(error, InvalidRequest | tq.InvalidQuery):
        return error.problems[:MAX_PROBLEMS]
    if isinstance(error, tq.InvalidPayload):
        return [
            Problem("/payload" + problem.pointer, problem.code, problem.message)
            for problem in error.problems[:MAX_PROBLEMS]
        ]
    if isinstance(error, tq.UnknownTaskType):
        return [Problem("/task_type", error.code, error.detail)]
    if isinstance(error, tq.UnknownQueue):
        return [Problem("/priority", error.code, error.detail)]
    return []
