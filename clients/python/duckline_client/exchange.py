"""Sends a request until it is answered. It does no I/O of its own.

Each operation is a generator: it yields what to send or how long to pause, gets the reply, and
returns its value. `Client` and `AsyncClient` only differ in how they carry that out.
"""

import itertools
import math
import random
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from duckline_client.errors import ConnectionFailed, UnexpectedAnswer, error_of, retry_after_s

T = TypeVar("T")

#: The request may succeed later, unchanged: it was too slow, too many came, or something was away.
_LATER = frozenset({408, 429, 502, 503, 504})
#: Errors that a repetition cannot mend.
_HOPELESS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


@dataclass(frozen=True)
class Call:
    """A request to send. Each may be sent twice: a submit has a key, the others are idempotent."""

    method: str
    path: str
    params: dict[str, str] = field(default_factory=dict[str, str])
    content: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    extra_s: float = 0.0  #: how long the service may hold its answer, beside the usual time
    usual_s: float = math.inf  #: the usual time of this call, if it is less than the client's


@dataclass(frozen=True)
class Pause:
    """Wait for some seconds before the next step."""

    seconds: float


Reply = httpx.Response | httpx.RequestError | None
Operation = Generator[Call | Pause, Reply, T]


@dataclass(frozen=True)
class RetryPolicy:
    """How long and how often to repeat. The pause doubles; a random share of it spreads callers."""

    time_limit_s: float = 60.0  #: from the first try of a call; 0 means: one try
    first_pause_s: float = 0.2
    longest_pause_s: float = 10.0

    def pause_s(self, tries: int, retry_after: float | None) -> float:
        """Return the pause after some tries: at least what the service asked for."""
        doubled = min(self.first_pause_s * 2.0 ** min(tries - 1, 30), self.longest_pause_s)
        jittered = doubled * random.uniform(0.5, 1.0)
        if retry_after is None:
            return jittered
        # Callers who were refused in the same moment must not come back in the same moment.
        return retry_after + jittered * 0.5


def exchange(call: Call, policy: RetryPolicy) -> Operation[httpx.Response]:
    """Send until there is an answer that a repetition does not change; raise its error."""
    deadline = time.monotonic() + policy.time_limit_s
    for tries in itertools.count(1):
        reply = yield call
        retry_after = None
        if isinstance(reply, httpx.Response):
            if reply.is_success:
                return reply
            if not reply.is_error:
                to = f", which leads to {reply.headers['Location']}" if reply.is_redirect else ""
                raise UnexpectedAnswer(
                    f"{call.method} {call.path} was answered {reply.status_code}{to}"
                )
            error = error_of(reply)
            retry_after = retry_after_s(reply)
            again = reply.status_code in _LATER
        else:
            error = ConnectionFailed(f"{call.method} {call.path}: {reply!r}")
            error.__cause__ = reply
            again = not isinstance(reply, _HOPELESS)
        pause_s = policy.pause_s(tries, retry_after)
        if not again or time.monotonic() + pause_s > deadline:
            raise error
        yield Pause(pause_s)
    raise AssertionError("unreachable")


def json_of(response: httpx.Response) -> Any:
    """Return the JSON of an answer; raises UnexpectedAnswer for anything else."""
    try:
        return response.json()
    except (ValueError, RecursionError) as error:
        media = response.headers.get("Content-Type", "nothing")
        raise UnexpectedAnswer(f"the answer is not JSON but {media}") from error
