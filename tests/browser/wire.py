"""The socket between a page and the server, on which a test loses, holds back or changes frames."""

import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page, WebSocketRoute


@dataclass
class Wire:
    """The socket of a page."""

    lose: int = 0
    epoch: str | None = None
    #: Members of every frame, and of each of its queues, that are to be other than they are.
    change: dict[str, Any] = field(default_factory=dict[str, Any])
    #: Every frame has the numbers of the first one: whatever other tests have left to be done.
    still: bool = False
    #: Frames wait in `held` until they are let go.
    hold: bool = False
    held: list[str] = field(default_factory=list[str])
    passed: int = 0
    _first: dict[str, Any] = field(default_factory=dict[str, Any])
    _send: Any = None

    def tap(self, page: Page) -> None:
        """Stand between the page and the server."""

        def relay(socket: WebSocketRoute) -> None:
            self._send = socket.send
            socket.connect_to_server().on_message(self._take)

        page.route_web_socket(re.compile(r"/ws/stats(\?|$)"), relay)

    def let_go(self) -> None:
        """Pass on what was held, and all that comes from now on."""
        self.hold = False
        while self.held:
            self._pass_on(self.held.pop(0))

    def wait_for_frames(self, page: Page, count: int) -> None:
        """Wait until the page has got this number of further ones, or they are held."""
        wanted, deadline = self._come + count, time.monotonic() + 60
        while self._come < wanted:
            assert time.monotonic() < deadline, "no frame has come"
            page.evaluate("new Promise(requestAnimationFrame)")  # lets the relay work

    @property
    def _come(self) -> int:
        return self.passed + len(self.held)

    def _take(self, message: str | bytes) -> None:
        if self.lose:
            self.lose -= 1
        elif self.hold:
            self.held.append(str(message))
        else:
            self._pass_on(str(message))

    def _pass_on(self, message: str) -> None:
        frame: dict[str, Any] = json.loads(message)
        if self.still:
            self._first = self._first or frame
            frame = {**self._first, **{name: frame[name] for name in ("seq", "epoch", "ts")}}
        if self.change:
            frame |= self.change
            for queue in frame["queues"]:
                queue |= self.change
        frame["epoch"] = self.epoch or frame["epoch"]
        self._send(json.dumps(frame))
        self.passed += 1
