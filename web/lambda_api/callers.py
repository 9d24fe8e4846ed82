"""Who calls AWS's API: the key in Authorization, and the invocation that a call comes out of.

AWS's clients sign their requests. The id of the key that they sign with is an API key; the
signature is not read.
"""

import datetime as dt
import re
from collections.abc import Callable
from typing import NamedTuple

from flask import g, request

import huey_tasks as tq
from huey_tasks.config import Config
from web.http.failed_logins import Logins
from web.http.hosts import HostNames
from web.http.roles import LAMBDA, Needs
from web.http.security import check_same_site
from web.lambda_api.errors import AwsError

_SIGNED = re.compile(r"AWS4-HMAC-SHA256\s+(?:.*[\s,])?Credential=(?P<key>.+?)/[0-9]{8}/")
_LINEAGE = re.compile(r"(?:^|;)\s*Lineage=(?P<depth>[0-9]{1,3}):(?P<task>[0-9a-f-]{36})(?:;|$)")
_TOKEN = re.compile(r"duckline\.(?P<depth>[0-9]{1,3})\.(?P<task>[0-9a-f-]{36})")

#: Seconds by which an import may delay the start of a function's own time.
_IMPORT_S = 10.0


def key_id() -> str | None:
    """Return the id of the key that signed this request, as WSGI gives it; None if none did."""
    found = _SIGNED.match(request.environ.get("HTTP_AUTHORIZATION", ""))
    return found["key"] if found else None


def known_keys(config: Config) -> tq.KnownKeys:
    """Return the keys that may call functions: also that of functions themselves."""
    return tq.KnownKeys(config.api_keys, with_functions=True)


def guard(config: Config, needs: Needs = LAMBDA) -> Callable[[], None]:
    """Return what refuses a request of this API that must not be answered."""
    keys, names = known_keys(config), HostNames.of(config)
    logins = Logins(keys)
    origins = frozenset(origin.rstrip("/").lower() for origin in config.allowed_origins)

    def check() -> None:
        if names is not None:
            names.check(request.environ.get("HTTP_HOST", ""))
        check_same_site(origins)  # also a GET of this API may be sent from a page
        if keys.is_locked():
            g.holder = _holder(logins)
            keys.count_request(g.holder)
            if request.endpoint is not None:  # else it is no operation of ours
                needs.check(g.holder, request.endpoint)

    return check


def _holder(logins: Logins) -> tq.Holder:
    sent = key_id()
    if sent is None:
        raise AwsError("MissingAuthenticationTokenException", "Missing Authentication Token")
    holder = logins.holder_of(sent)
    if holder is None:
        text = "The security token included in the request is invalid."
        raise AwsError("UnrecognizedClientException", text)
    return holder


class Caller(NamedTuple):
    """Where an invocation comes from: `depth` 0 and no task from outside, else from a function."""

    depth: int = 0
    task_id: str | None = None

    def left_s(self) -> float | None:
        """Return the seconds that the calling function has left; None: nobody counts.

        Raises QueueUnavailable.
        """
        if self.task_id is None:
            return None
        try:
            record = tq.get_task(self.task_id)
        except tq.TaskNotFound:
            return None
        function = tq.find_function(record.task_type)
        if function is None or record.started_at is None:
            return None
        since_s = (dt.datetime.now(dt.UTC) - record.started_at).total_seconds()
        return max(function.timeout_s + _IMPORT_S - since_s, 0.0)


def caller() -> Caller:
    """Return who calls, by the trace that AWS's clients pass on. Raises AwsError for a loop."""
    found = _LINEAGE.search(request.headers.get("X-Amzn-Trace-Id", "")) or _TOKEN.fullmatch(
        request.headers.get("X-Amz-Security-Token", "")
    )
    if found is None:
        return Caller()
    depth = int(found["depth"]) + 1
    if depth >= tq.MOST_DEPTH:
        text = f"A loop: {tq.MOST_DEPTH} invocations in a row have called each other."
        raise AwsError("RecursiveInvocationException", text)
    return Caller(depth, found["task"])
