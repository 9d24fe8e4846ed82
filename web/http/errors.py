"""The errors that the web layer raises itself, as one tree, and how it repeats a caller's text.

    DucklineError (huey_tasks)
    └── WebError              the web layer refuses the request before it touches a task
        ├── InvalidJson       the body is not one strict JSON text
        ├── InvalidRequest    JSON, but not what the route accepts: names every field
        ├── BodyTooSlow       the body did not arrive in time
        ├── UnsupportedMedia  another content type or content encoding
        ├── Unsupported       a header asks for a feature that this service does not have
        ├── TooManyTasks      a bulk request with too many tasks
        ├── TaskTooLarge      one task of a bulk request is too large
        ├── CannotCheck       the check of one task of a bulk request failed itself
        ├── TooManyBodies     the process holds its limit of incomplete bodies
        ├── TooManyBulks      the process answers its limit of bulk requests
        ├── Unauthorized      a key is needed and the request carries no valid one
        ├── TooManyFailures   an address has sent too many wrong keys in a minute
        ├── CrossSite         a page of another origin asks for a change
        ├── UnknownHost       the request is for a host name that is not ours
        ├── QueueNotFound     the path names a queue that does not exist
        ├── TooManyWaiting    the process holds its limit of waiting requests
        ├── TooManyStreams    the process holds its limit of event streams
        ├── FunctionBusy      a function runs as often as it may, or no slot became free
        ├── UpgradeRequired   a WebSocket route without a valid WebSocket handshake
        ├── TooManySockets    the process holds its limit of sockets, or is stopping
        ├── Unhealthy         Redis or a consumer is missing
        └── NotReady          Redis does not answer, or the consumers of a queue are silent

Each class has a code; `web.http.problems` maps it to an HTTP status. No text repeats more than
64 characters of what the caller sent, and none of its control characters.
"""

from collections.abc import Sequence
from json import JSONDecodeError
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

import huey_tasks as tq
from huey_tasks.errors import DucklineError, Problem
from web.http.input_schemas import schema_titled
from web.http.other_words import WORDS

#: The most that an answer repeats of the caller's input, in characters.
MAX_ECHO = 64
#: The most wrong fields that an answer names, however many there are.
MAX_PROBLEMS = 20
RETRY_AFTER_S = 2


class WebError(DucklineError):
    """A request that the web layer refuses itself."""

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.extra = extra

    @property
    def headers(self) -> dict[str, str]:
        """HTTP headers that belong to this error."""
        return {}


class _NotNow(WebError):
    """A temporary refusal; the answer has Retry-After."""

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(RETRY_AFTER_S)}


class InvalidJson(WebError):
    """The body is not one strict JSON text in UTF-8."""

    code = "invalid_json"

    @classmethod
    def at(cls, error: JSONDecodeError, line: int | None = None) -> "InvalidJson":
        """Name the place where the text stops being JSON; `line`: where the body has that text."""
        place = f"line {line or error.lineno}, column {error.colno}"
        return cls(f"The body is not valid JSON: {error.msg} ({place}).")


class InvalidRequest(WebError):
    """The request is readable, but a field is missing, unknown or of the wrong type."""

    code = "invalid_request"

    def __init__(self, detail: str, problems: Sequence[Problem]) -> None:
        super().__init__(detail)
        self.problems = list(problems)

    @classmethod
    def from_pydantic(cls, error: ValidationError) -> "InvalidRequest":
        """List the fields that pydantic refused, with pointers from the top of the body."""
        found = error.errors(include_url=False, include_context=False, include_input=False)
        schema = schema_titled(error.title)
        problems = [_problem_of(item, schema) for item in found[:MAX_PROBLEMS]]
        where = excerpt(problems[0].pointer) or "the body"
        first = f"{where}: {tq.as_sentence(problems[0].message)}"
        if len(found) == 1:
            return cls(f"1 field is invalid, {first}", problems)
        return cls(f"{len(found)} fields are invalid, the first is {first}", problems)


class BodyTooSlow(WebError):
    """The body of a request did not arrive in time."""

    code = "request_timeout"


class UnsupportedMedia(WebError):
    """The body is compressed, or of none of the media types `accepted`."""

    code = "unsupported_media_type"

    def __init__(self, detail: str, accepted: Sequence[str]) -> None:
        super().__init__(detail)
        self.accepted = accepted

    @property
    def headers(self) -> dict[str, str]:
        return {"Accept": ", ".join(self.accepted), "Accept-Encoding": "identity"}


class Unsupported(WebError):
    """The caller relies on a feature that does not exist; ignoring it would mislead them."""

    code = "unsupported"


class TooManyTasks(WebError):
    """One request contains too many tasks."""

    code = "too_many_tasks"


class TaskTooLarge(WebError):
    """One task of a bulk request is too large."""

    code = "task_too_large"


class CannotCheck(WebError):
    """The check of a task failed itself, for example in a validator of a task type's author."""

    code = "internal_error"


class TooManyBodies(_NotNow):
    """This process holds its limit of incomplete bodies."""

    code = "too_many_bodies"


class TooManyBulks(_NotNow):
    """This process answers its limit of bulk requests."""

    code = "too_many_bulks"


class Unauthorized(WebError):
    """A key is needed, and the request carries no valid one."""

    code = "unauthorized"

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer realm="duckline"'}


class TooManyFailures(WebError):
    """An address has sent too many wrong keys in a minute. `retry_after_s`: seconds to wait."""

    code = "too_many_failures"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.extra["retry_after_s"])}


class CrossSite(WebError):
    """A page of another origin asks for what only our own pages and programs may do."""

    code = "cross_site"


class UnknownHost(WebError):
    """The request is for a host name that is not ours, as in a DNS rebinding attack."""

    code = "unknown_host"


class QueueNotFound(WebError):
    """The path names a queue that does not exist."""

    code = "queue_not_found"


class FunctionBusy(_NotNow):
    """A function runs as often as it may, or no slot became free in time."""

    code = "function_busy"


class UpgradeRequired(WebError):
    """This path only accepts WebSocket handshakes (RFC 6455, version 13)."""

    code = "upgrade_required"

    @property
    def headers(self) -> dict[str, str]:
        return {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}


class TooManySockets(_NotNow):
    """This process accepts no further socket now."""

    code = "too_many_sockets"


class TooManyWaiting(_NotNow):
    """This process holds its limit of waiting requests."""

    code = "too_many_waiting"


class TooManyStreams(_NotNow):
    """This process holds its limit of event streams."""

    code = "too_many_streams"


class Unhealthy(_NotNow):
    """Redis does not answer, or a queue has no live consumer."""

    code = "unhealthy"


class NotReady(_NotNow):
    """Redis does not answer, or a queue has lost its consumers; says no more without a key."""

    code = "not_ready"


def excerpt(text: str, limit: int = MAX_ECHO) -> str:
    """Return `text` ready for display: control characters escaped, at most `limit` characters."""
    shown = tq.escaped(text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def pointer(*path: str | int) -> str:
    """Write an RFC 6901 pointer from its unescaped parts."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _problem_of(item: ErrorDetails, schema: dict[str, Any] | None) -> Problem:
    return Problem(pointer(*item["loc"]), item["type"], tq.message_of(item, schema, WORDS))
