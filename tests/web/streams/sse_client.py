"""A client of server-sent events, as the standard has it: an event ends at an empty line."""

import http.client
import json
from collections.abc import Iterator
from typing import Any, NamedTuple


class Received(NamedTuple):
    """One event."""

    event: str
    id: str
    data: Any


class SseClient:
    """One connection; `last_id` is what to send with the next one."""

    def __init__(self, port: int, path: str, last_id: str = "", **headers: str) -> None:
        self.last_id = last_id
        self.comments: list[str] = []
        self.retry_ms: int | None = None
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        sent = headers | ({"Last-Event-ID": last_id} if last_id else {})
        self._connection.request("GET", path, headers=sent)
        self.response = self._connection.getresponse()

    @property
    def status(self) -> int:
        return self.response.status

    def events(self) -> Iterator[Received]:
        """Yield events until the server ends the stream."""
        fields: dict[str, str] = {}
        for line in iter(self.response.readline, b""):
            text = line.decode().rstrip("\n")
            name, _, value = text.partition(": ")
            if not text:
                if "data" in fields:
                    self.last_id = fields.get("id", self.last_id)
                    yield Received(fields["event"], self.last_id, json.loads(fields["data"]))
                fields = {}
            elif not name:
                self.comments.append(value)
            elif name == "retry":
                self.retry_ms = int(value)
            else:
                fields[name] = value

    def next(self) -> Received:
        """Return the next event."""
        return next(self.events())

    def until(self, event: str) -> list[Received]:
        """Return the events up to the first of that name."""
        found: list[Received] = []
        for received in self.events():
            found.append(received)
            if received.event == event:
                return found
        raise AssertionError(f"the stream has ended without {event}: {found[-3:]}")

    def close(self) -> None:
        self.response.close()
        self._connection.close()
