"""The errors of the client: one tree, made from what the service answers as problem+json."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import httpx

if TYPE_CHECKING:
    from duckline_client.models import Task


class DucklineError(Exception):
    """Every error of a call, apart from ValueError and TypeError for a wrong argument."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it cross to another process, whatever its `__init__` takes.

        An error that cannot be unpickled leaves the caller of a `multiprocessing.Pool` waiting.
        """
        return type(self).__new__, (type(self),), {**vars(self), "args": self.args}


class ConnectionFailed(DucklineError):
    """No answer came, however often the request was repeated within the time limit."""


class UnexpectedAnswer(DucklineError):
    """The answer is not one of Duckline: the address may be that of another service."""


@dataclass(frozen=True)
class FieldError:
    """One field of a refused request."""

    pointer: str  #: a JSON pointer into the request, such as `/payload/amount`
    code: str
    message: str


class ApiError(DucklineError):
    """The service refused the request.

    `code` is stable, `detail` is for people. `errors` names the fields of a 422. `request_id` finds
    the request in the log of the service. `task_id` is set if a task may have been stored all the
    same.
    """

    def __init__(self, status: int, problem: dict[str, Any], retry_after_s: float | None) -> None:
        self.status = status
        self.code = str(problem.get("code") or f"http_{status}")
        self.title = str(problem.get("title") or "")
        self.detail = str(problem.get("detail") or httpx.codes.get_reason_phrase(status))
        self.errors = field_errors(problem.get("errors"))
        self.request_id: str | None = problem.get("request_id")
        self.task_id: str | None = problem.get("task_id")
        self.retry_after_s = retry_after_s
        unsaid = (one for one in self.errors if one.message not in self.detail)
        fields = "".join(f"; {one.pointer}: {one.message}" for one in unsaid)
        super().__init__(f"{status} {self.code}: {self.detail}{fields}")


class InvalidRequest(ApiError):
    """400, 413, 415, 422: the request can never be accepted as it is."""


class AccessDenied(ApiError):
    """401, 403: the API key is missing, wrong, or may not do this."""


class NotFound(ApiError):
    """404: there is no such task."""


class Conflict(ApiError):
    """409: the task is in a state in which this cannot be done."""


class RateLimited(ApiError):
    """429: too many requests, until the time limit of the client."""


class ServerError(ApiError):
    """5xx: the service could not answer."""


class ServiceUnavailable(ServerError):
    """502, 503, 504: Redis or the service was away, until the time limit of the client."""


class TaskFailed(DucklineError):
    """The task has ended without success. `task` has its state, error and traceback."""

    def __init__(self, task: "Task") -> None:
        self.task = task
        super().__init__(f"task {task.task_id} ended as {task.status}: {task.error or 'no error'}")


class WaitTimeout(DucklineError, TimeoutError):
    """The task has not ended in time; it goes on. `task` is how it was last seen."""

    def __init__(self, task: "Task") -> None:
        self.task = task
        super().__init__(f"task {task.task_id} is still {task.status}")


_BY_STATUS: dict[int, type[ApiError]] = {
    401: AccessDenied,
    403: AccessDenied,
    404: NotFound,
    409: Conflict,
    429: RateLimited,
    502: ServiceUnavailable,
    503: ServiceUnavailable,
    504: ServiceUnavailable,
}


def error_of(response: httpx.Response) -> DucklineError:
    """Return the error that an answer of 4xx or 5xx stands for; a proxy's page has no `code`.

    A 404 that is not Duckline's does not say that there is no such task.
    """
    try:
        body: Any = response.json()
    except (ValueError, RecursionError):
        body = None
    problem = cast(dict[str, Any], body) if isinstance(body, dict) else {}
    status = response.status_code
    if status == 404 and not problem.get("code"):
        asked = f"{response.request.method} {response.request.url.path}"
        return UnexpectedAnswer(f"{asked} was answered 404, not by Duckline: is the address right?")
    kind = _BY_STATUS.get(status, ServerError if status >= 500 else InvalidRequest)
    return kind(status, problem, retry_after_s(response))


def retry_after_s(response: httpx.Response) -> float | None:
    """Return the seconds that `Retry-After` asks for; None without one, or when it is a date."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else None


def field_errors(found: Any) -> tuple[FieldError, ...]:
    """Read the `errors` of a problem."""
    if not isinstance(found, list):
        return ()
    return tuple(
        FieldError(*(str(one.get(name, "")) for name in ("pointer", "code", "message")))
        for one in cast(list[Any], found)
        if isinstance(one, Mapping)
    )
