"""Document the errors of a route."""

from typing import Any

from web.http.problems import KINDS, problem_body
from web.openapi.answers import Responses
from web.openapi.schemas import REF

_PROBLEM = {"$ref": REF + "ProblemView"}
#: The errors of every route that reads a body.
BODY_PROBLEMS = (
    "invalid_json",
    "unsupported",
    "cross_site",
    "request_timeout",
    "body_too_large",
    "unsupported_media_type",
    "too_many_bodies",
)

#: The errors with which a queue refuses a new task for now.
REFUSALS = ("queue_draining", "queue_full", "memory_low")

#: The errors of a request whose key is missing, may not, or comes too often.
_OF_KEYS = ("unauthorized", "too_many_failures", "forbidden", "rate_exceeded", "keys_lost")

#: The errors of a request that is refused before it reaches a route.
_OF_ANY_REQUEST = ("bad_request", "uri_too_long", "headers_too_large")


def problems(*codes: str) -> Responses:
    """Document the errors of an API route; those that all of them share are added."""
    busy = ("service_busy",) if "queue_unavailable" in codes else ()
    return open_problems(*codes, *busy, *_OF_KEYS, "unknown_host")


def open_problems(*codes: str) -> Responses:
    """Document the errors of a route that checks neither API keys nor host names."""
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys((*codes, *_OF_ANY_REQUEST, "internal_error")):
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {status: _problem_answer(group) for status, group in sorted(by_status.items())}


def _problem_answer(codes: list[str]) -> dict[str, Any]:
    examples = {code: {"value": _example(code)} for code in codes}
    return {
        "description": "; ".join(f"`{code}`: {KINDS[code].title}" for code in codes),
        "content": {"application/problem+json": {"schema": _PROBLEM, "examples": examples}},
    }


def _example(code: str) -> dict[str, Any]:
    kind = KINDS[code]
    more: dict[str, Any] = {"instance": "/api/tasks/submit", "request_id": "3f9c1b7a52d04e0f"}
    if kind.status == 422:
        error = {"pointer": "/payload/amount", "code": "missing", "message": "Field required"}
        more["errors"] = [error]
    return problem_body(code, kind.detail or kind.title + ".", **more)
