"""Server-sent events as a response: their text, their places, and how a stream begins and ends.

Source: HTML, section 9.2 (Server-sent events). A stream holds a connection and a greenlet, but no
connection to Redis. A client that has gone, or does not read, is noticed when something is sent:
the connection's own limits end it (`duckline.server.wire`), and its place is free again.
"""

import contextlib
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

from flask import Response, request

import huey_tasks as tq
from web.http.body import JSON
from web.http.errors import InvalidRequest, TooManyStreams
from web.http.identity import identity
from web.openapi.schemas import MORE_PARAMETERS

MEDIA = "text/event-stream"
#: The most streams of one process.
MAX_STREAMS = 2000
#: Seconds between two comments on a quiet stream; a client that has gone is noticed by one.
HEARTBEAT_S = 10.0
#: Seconds between two looks whether the key of a stream still holds, and its session.
TICK_S = 2.0
#: The last event of a stream whose key was revoked or has expired, or whose session has ended.
_KEY_IS_GONE = 'event: unauthorized\ndata: {"code": "unauthorized"}\n\n'
#: Seconds after which a client has to connect again, which checks its key again.
LIFE_S = 3600.0
#: Unsent bytes that the kernel buffers for one client: limits the memory of a slow reader.
_KERNEL_BUFFER_BYTES = 128 * 1024
#: Milliseconds after which a client whose stream was cut connects again; after a restart they are
#: spread over a wider range, so that not all come at once.
_RETRY_MS, _SPREAD_MS = 1000, 3000
#: What is behind the id of the last event: a client that comes with it has received everything.
_END = ".end"
_EVENT_ID = re.compile(r"(\d{1,15}-\d{1,15})(\.end)?", re.ASCII)
_places = threading.BoundedSemaphore(MAX_STREAMS)

#: OpenAPI: one event of a stream; a client joins the lines of `data` and reads them as JSON.
EVENT_CONTENT: dict[str, Any] = {
    MEDIA: {
        "schema": {
            "type": "object",
            "description": "One event of the stream, of which there are any number.",
            "required": ["event", "data"],
            "properties": {
                "event": {"type": "string", "description": "Its kind."},
                "id": {"type": "string", "description": "What to send as `Last-Event-ID`."},
                "data": {"type": "string", "description": "JSON.", "contentMediaType": JSON},
            },
        }
    }
}
#: OpenAPI: what the routes of streams take.
OF_STREAM: dict[str, Any] = {
    MORE_PARAMETERS: [
        {
            "name": "Last-Event-ID",
            "in": "header",
            "required": False,
            "description": "The id of the last event that arrived: the stream goes on behind it.",
            "schema": {"type": "string", "example": "1795898747788-0"},
        }
    ]
}


class LastEvent:
    """The event that a client has received last; `is_end`: the last one of all."""

    def __init__(self, position: tq.Position, *, is_end: bool) -> None:
        self.position, self.is_end = position, is_end


def last_event() -> LastEvent | None:
    """Return what `Last-Event-ID` says, None without it. Raises InvalidRequest."""
    sent: str = request.environ.get("HTTP_LAST_EVENT_ID", "").strip()
    if not sent:
        return None
    found = _EVENT_ID.fullmatch(sent)
    position = tq.Position.parse(found[1]) if found else None
    if found is None or position is None:
        rule = "This is not the id of an event of ours; leave it out to begin from the start."
        raise InvalidRequest(
            "Last-Event-ID is not the id of an event.",
            [tq.Problem("/Last-Event-ID", "event_id", rule)],
        )
    return LastEvent(position, is_end=found[2] is not None)


def message(event: str, data: str, event_id: tq.Position | None, *, is_end: bool = False) -> str:
    """Return one event; `data` is JSON, which has no line ends."""
    mark = "" if event_id is None else f"id: {event_id}{_END if is_end else ''}\n"
    return f"event: {event}\n{mark}data: {data}\n\n"


class Stream:
    """The place of one stream. Leave it with `close`."""

    def __init__(self) -> None:
        """Take a place. Raises TooManyStreams."""
        if not _places.acquire(blocking=False):
            raise TooManyStreams(f"{MAX_STREAMS} streams are open here already.")
        self._stack = contextlib.ExitStack()
        self._stack.callback(_places.release)
        self._ends_at = time.monotonic() + LIFE_S
        self._quiet_until = time.monotonic() + HEARTBEAT_S
        self._caller = identity().caller()

    def close(self) -> None:
        """Free the place, and leave what was entered; a second call does nothing."""
        self._stack.close()

    def follow(self, task_id: str = "") -> tq.Follower:
        """Follow events until the stream is closed."""
        return self._stack.enter_context(tq.follow_events(task_id))

    def response(self, text: Iterable[str]) -> Response:
        """Return the response that sends pieces of text as they come."""
        answer = Response(text, 200, mimetype=MEDIA)
        answer.headers["X-Accel-Buffering"] = "no"  # nginx would hold events back
        answer.call_on_close(self.close)
        _limit_kernel_buffer()
        return answer

    def send(self, follower: tq.Follower, take: Callable[[], Generator[str, None, bool]]) -> Any:
        """Yield what `take` yields, again and again, until it returns True; comments in between."""
        for text in self._texts(follower, take):
            # Only what is sent shows whether the client is there; what it filters does not.
            self._quiet_until = time.monotonic() + HEARTBEAT_S
            yield text

    def _texts(
        self, follower: tq.Follower, take: Callable[[], Generator[str, None, bool]]
    ) -> Iterator[str]:
        yield f"retry: {_RETRY_MS}\n\n"
        while not follower.is_stopping and time.monotonic() < self._ends_at:
            if not self._caller.may_go_on():
                yield _KEY_IS_GONE
                return
            is_over = yield from take()
            if is_over:
                return
            follower.wait(TICK_S)
            if time.monotonic() >= self._quiet_until:
                yield ": heartbeat\n\n"
        retry_ms = random.randint(_RETRY_MS // 4, _SPREAD_MS)
        yield f": connect again\nretry: {retry_ms}\n\n"


def _limit_kernel_buffer() -> None:
    below = request.environ.get("gunicorn.socket")
    raw = getattr(below, "raw", below)
    if isinstance(raw, socket.socket) and raw.family != socket.AF_UNIX:
        with contextlib.suppress(OSError):  # the client has gone meanwhile
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BUFFER_BYTES)
