"""Watches `WS /ws/stats`: frames must come at once, then every two seconds, with every field.

Owns one connection and what is counted of it; when it is opened again is the user's matter.
"""

import json
import time
from typing import Any, cast

from locust.event import EventHook
from websocket import (
    WebSocket,
    WebSocketBadStatusException,
    WebSocketException,
    WebSocketTimeoutException,
    create_connection,
)

from loadtests.ledger import Ledger

PERIOD_S = 2.0
#: How long after it was due a frame is counted as missed, in seconds.
_SLACK_S = 1.0
_COUNTS = (
    "queued_high",
    "queued_default",
    "queued_low",
    "active_tasks",
    "failed_tasks",
    "success_tasks",
    "workers_online",
    "scheduled_tasks",
    "retry_tasks",
    "revoked_tasks",
)


class StatsSocket:
    """One WebSocket to /ws/stats."""

    def __init__(self, host: str, api_key: str, ledger: Ledger, request: EventHook) -> None:
        self._url = "ws" + host.removeprefix("http") + "/ws/stats"
        self._header = [f"Authorization: Bearer {api_key}"] if api_key else []
        self._ledger = ledger
        self._request = request
        self._ws: WebSocket | None = None
        self._due_at = 0.0

    def watch(self) -> None:
        """Connect if need be, and wait for one frame or for the moment when it is overdue."""
        try:
            if self._ws is None:
                self._connect()
            self._receive()
        except (WebSocketException, OSError) as error:
            if isinstance(error, WebSocketTimeoutException) and self.connected:
                self._ledger.sockets.missed += 1
                self._due_at += PERIOD_S
            else:
                self._note_end(error)

    def close(self) -> None:
        """Close the socket, if it is open."""
        if self._ws is not None:
            self._ws.close(timeout=1)
            self._ws = None

    @property
    def connected(self) -> bool:
        """Whether a socket is open."""
        return self._ws is not None

    def _connect(self) -> None:
        started = time.monotonic()
        self._ws = create_connection(self._url, timeout=10, header=self._header)
        self._due_at = time.monotonic()
        self._ledger.sockets.opened += 1
        self._report("/ws/stats connect", self._due_at - started)

    def _receive(self) -> None:
        assert self._ws is not None
        self._ws.settimeout(max(0.01, self._due_at + _SLACK_S - time.monotonic()))
        text = self._ws.recv()
        if not text:
            raise WebSocketException("closed by the service")
        now = time.monotonic()
        self._ledger.sockets.frames += 1
        self._report("/ws/stats frame is late by", max(0.0, now - self._due_at), len(text))
        self._due_at = now + PERIOD_S
        self._check(text)

    def _check(self, text: str | bytes) -> None:
        sockets = self._ledger.sockets
        try:
            frame: Any = json.loads(text)
        except ValueError:
            frame = None
        if not isinstance(frame, dict):
            sockets.incomplete["not a JSON object"] += 1
            return
        fields = cast(dict[str, Any], frame)
        if "error" in fields:
            sockets.without_redis += 1
            return
        lacking = [name for name in _COUNTS if type(fields.get(name)) is not int]
        if not isinstance(fields.get("ts"), str):
            lacking.append("ts")
        if lacking:
            sockets.incomplete[f"without {', '.join(lacking)}"] += 1

    def _note_end(self, error: Exception) -> None:
        if self._ws is not None:
            self._ledger.sockets.closed += 1
            self._ws.close(timeout=1)
            self._ws = None
            return
        status = error.status_code if isinstance(error, WebSocketBadStatusException) else 0
        what = f"WS /ws/stats: {status or f'no answer ({type(error).__name__})'}"
        self._report("/ws/stats connect", 0.0, error=error)
        if status >= 500:
            self._ledger.server_errors[what] += 1
        else:
            self._ledger.unexpected[what] += 1

    def _report(
        self, name: str, took_s: float, length: int = 0, error: Exception | None = None
    ) -> None:
        self._request.fire(
            request_type="WS",
            name=name,
            response_time=took_s * 1000,
            response_length=length,
            exception=error,
            context={},
        )
