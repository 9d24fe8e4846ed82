"""Follows a stream of events over any number of connections. It does no I/O of its own."""

import json
import random
from dataclasses import dataclass, field
from typing import Any, Final, cast

import httpx
from httpx_sse import ServerSentEvent

from duckline_client.errors import UnexpectedAnswer
from duckline_client.exchange import Call
from duckline_client.models import Task

#: Behind these nothing follows.
_LAST: Final = frozenset({"end", "gone"})
#: The service says something every 10 seconds, if only that it is there.
_SILENCE_S = 30.0


@dataclass(frozen=True)
class Event:
    """What has happened to a task.

    `name` is `task` (the task as it is), `state`, `attempt`, `progress`, `log`, `partial`, `end` or
    `gone`; a stream of all tasks also has `open`, `flow`, and `gap` when events are missing.
    `unauthorized` says that the API key has ended: AccessDenied follows.
    """

    name: str
    id: str
    data: dict[str, Any] = field(repr=False)

    @property
    def task_id(self) -> str | None:
        """Whose event it is; None of `open` and `gap`."""
        return self.data.get("task_id")

    @property
    def status(self) -> str | None:
        """The state of the task right after it."""
        return self.data.get("status")

    @property
    def detail(self) -> Any:
        """The progress, the line, the partial result with its `value`, how an attempt failed."""
        return self.data.get("detail")

    @property
    def task(self) -> Task | None:
        """The whole task, which `task` and `end` have."""
        return Task.read(self.data) if "payload" in self.data else None


class Stream:
    """A stream and how far it has been read: each connection goes on behind the last event."""

    def __init__(self, path: str, params: dict[str, str] | None = None) -> None:
        self.ended = False
        self._path, self._params = path, params or {}
        self._last_id, self._pause_s = "", 1.0

    def call(self) -> Call:
        """Return the request for what is left of it."""
        headers = {"Accept": "text/event-stream"}
        if self._last_id:
            headers["Last-Event-ID"] = self._last_id
        return Call("GET", self._path, self._params, headers=headers, extra_s=_SILENCE_S)

    def opened(self, response: httpx.Response) -> None:
        """Look at an answer; raises UnexpectedAnswer for one that is no stream."""
        media = response.headers.get("Content-Type", "nothing").partition(";")[0]
        if response.status_code == 204:  # nothing follows the last event that was read
            self.ended = True
        elif media != "text/event-stream":
            raise UnexpectedAnswer(f"the answer is no stream of events but {media}")

    def read(self, sent: ServerSentEvent) -> Event | None:
        """Return the event that was sent, or None for one that only says when to come back."""
        if sent.retry is not None:
            self._pause_s = sent.retry / 1000
        if not sent.data:
            return None
        try:
            data: Any = json.loads(sent.data)
        except ValueError as error:
            raise UnexpectedAnswer("the data of an event is JSON") from error
        if not isinstance(data, dict):
            raise UnexpectedAnswer("the data of an event is a JSON object")
        self._last_id = sent.id or self._last_id
        self.ended = sent.event in _LAST
        return Event(sent.event, sent.id, cast(dict[str, Any], data))

    def pause_s(self) -> float:
        """Return when to come back after a break: what the service asked for, spread a little."""
        return self._pause_s * random.uniform(1.0, 1.5)
