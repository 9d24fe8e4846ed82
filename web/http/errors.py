"""What the web layer refuses by itself, as one tree, and how a caller's text is shown back.

    DucklineError (huey_tasks)
    └── WebError              refused by the web layer before a task is touched
        ├── InvalidJson       the body is not one strict JSON text
        ├── InvalidRequest    JSON, but not what the route takes: names every field
        ├── BodyTooSlow       the body did not come in time
        ├── UnsupportedMedia  another content type or content encoding
        ├── Unsupported       a header asks for a promise that this service does not make
        ├── TooManyTasks      a bulk of more tasks than one request may bring
        ├── TaskTooLarge      a task of a bulk is larger than a task may be
        ├── CannotCheck       a check of a task of a bulk has failed itself
        ├── TooManyBodies     this process holds as many bytes of bodies as it may
        ├── TooManyBulks      this process answers as many bulks as it may
        ├── Unauthorized      API keys are set and none of them was sent
        ├── CrossSite         a page of another origin asks for a change
        ├── UnknownHost       the request is for a host name that is not ours
        ├── QueueNotFound     the path names a queue that is not there
        ├── TooManyWaiting    this process holds as many requests that wait as it may
        ├── UpgradeRequired   a WebSocket route without a proper WebSocket handshake
        ├── TooManySockets    this process holds as many sockets as it may, or is stopping
        ├── Unhealthy         Redis or a consumer is missing
        └── NotReady          Redis does not answer; says nothing else

Each class has a code; `web.http.problems` maps it to an HTTP status. No text shown here
repeats more than 64 characters of what the caller sent, and none of its control characters.
"""

from collections.abc import Sequence
from json import JSONDecodeError
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

import huey_tasks as tq
from huey_tasks.errors import DucklineError, Problem

#: No answer repeats more of the caller's input than this, in characters.
MAX_ECHO = 64
#: A body with a hundred thousand wrong fields gets this many of them named.
MAX_PROBLEMS = 20
RETRY_AFTER_S = 2


class WebError(DucklineError):
    """Something the web layer refuses by itself."""

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.extra = extra

    @property
    def headers(self) -> dict[str, str]:
        """HTTP headers that belong to this error."""
        return {}


class _NotNow(WebError):
    """Refused now, but not for long."""

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(RETRY_AFTER_S)}


class InvalidJson(WebError):
    """The body is not one strict JSON text in UTF-8."""

    code = "invalid_json"

    @classmethod
    def at(cls, error: JSONDecodeError) -> "InvalidJson":
        """Say where the text stops being JSON."""
        place = f"line {error.lineno}, column {error.colno}"
        return cls(f"The body is not JSON: {error.msg} ({place}).")


class InvalidRequest(WebError):
    """The request is readable, but has a field too many, too few or of the wrong kind."""

    code = "invalid_request"

    def __init__(self, detail: str, problems: Sequence[Problem]) -> None:
        super().__init__(detail)
        self.problems = list(problems)

    @classmethod
    def from_pydantic(cls, error: ValidationError) -> "InvalidRequest":
        """Name the fields that pydantic refused, with pointers from the top of the body."""
        found = error.errors(include_url=False, include_context=False, include_input=False)
        problems = [_problem_of(item) for item in found[:MAX_PROBLEMS]]
        return cls(_count(len(found), "field does", "fields do") + " not fit.", problems)


class BodyTooSlow(WebError):
    """The body of a request did not come in time."""

    code = "request_timeout"


class UnsupportedMedia(WebError):
    """The body is not sent plain, in one of the media types `taken`."""

    code = "unsupported_media_type"

    def __init__(self, detail: str, taken: Sequence[str]) -> None:
        super().__init__(detail)
        self.taken = taken

    @property
    def headers(self) -> dict[str, str]:
        return {"Accept": ", ".join(self.taken), "Accept-Encoding": "identity"}


class Unsupported(WebError):
    """The caller relies on something that is not built: to ignore it would break their promise."""

    code = "unsupported"


class TooManyTasks(WebError):
    """One request brings more tasks than it may."""

    code = "too_many_tasks"


class TaskTooLarge(WebError):
    """One task of a bulk is larger than a task may be."""

    code = "task_too_large"


class CannotCheck(WebError):
    """A check of ours, or of a task type's author, has failed itself."""

    code = "internal_error"


class TooManyBodies(_NotNow):
    """This process holds as many bytes of bodies that still come in as it may."""

    code = "too_many_bodies"


class TooManyBulks(_NotNow):
    """This process answers as many bulks as it may."""

    code = "too_many_bulks"


class Unauthorized(WebError):
    """API keys are set, and none of them was sent."""

    code = "unauthorized"

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer realm="duckline"'}


class CrossSite(WebError):
    """A page of another origin asks for something only our own pages and programs may."""

    code = "cross_site"


class UnknownHost(WebError):
    """The request is for a host name that is not ours; a page may have made it point here."""

    code = "unknown_host"


class QueueNotFound(WebError):
    """The path names a queue that is not there."""

    code = "queue_not_found"


class UpgradeRequired(WebError):
    """This path speaks WebSocket (RFC 6455, version 13) only."""

    code = "upgrade_required"

    @property
    def headers(self) -> dict[str, str]:
        return {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}


class TooManySockets(_NotNow):
    """This process takes no further socket now."""

    code = "too_many_sockets"


class TooManyWaiting(_NotNow):
    """This process lets no further request wait now."""

    code = "too_many_waiting"


class Unhealthy(_NotNow):
    """Redis does not answer, or a queue has no live consumer."""

    code = "unhealthy"


class NotReady(_NotNow):
    """Redis does not answer; those who ask without a key learn nothing else."""

    code = "not_ready"


def excerpt(text: str, limit: int = MAX_ECHO) -> str:
    """Return `text` fit to be shown: control characters escaped, at most `limit` characters."""
    shown = tq.escaped(text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def pointer(*path: str | int) -> str:
    """Write an RFC 6901 pointer from its unescaped parts."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _problem_of(item: ErrorDetails) -> Problem:
    return Problem(pointer(*item["loc"]), item["type"], item["msg"])


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
