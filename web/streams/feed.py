"""One frame every two seconds for any number of sockets.

Owns the rhythm: while somebody listens, `read` is called once per tick and its text is kept as
the latest frame. Listeners are woken and fetch it themselves, so that a slow one misses frames
instead of queueing them, and holds up nobody; the numbers tell it so. Nobody listens, nothing is
read. It knows neither sockets nor what a frame says.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

log = logging.getLogger("duckline.web.feed")

#: How soon a stop is noticed, in seconds. A signal handler may only set a flag: under gevent it
#: can run in the hub, where nothing may block.
_NOTICE_S = 0.1


@dataclass(frozen=True)
class Frame:
    """One reading, numbered from 1."""

    number: int
    text: str


class Feed:
    """The latest frame, kept fresh while anybody listens."""

    def __init__(self, read: Callable[[int, str], str], period_s: float = 2.0) -> None:
        """`read` is given the number of the frame and the epoch."""
        #: Tells the frames of this process from those of the one before it, which began at 1 too.
        self.epoch = secrets.token_hex(8)
        self._read = read
        self._period_s = period_s
        self._lock = threading.Lock()
        self._wakes: dict[object, Callable[[], None]] = {}
        self._ticking = False
        self._read_at = float("-inf")
        self._number = 0
        self.latest: Frame | None = None
        self.stopping = False

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return len(self._wakes)

    @contextmanager
    def listen(self, wake: Callable[[], None]) -> Generator[None]:
        """Keep the feed running for the duration; `wake` is called when `latest` has changed.

        A frame younger than the period is there at once, else the first one is being read.
        """
        key = object()
        with self._lock:
            self._wakes[key] = wake
            if not self._ticking:
                self._ticking = True
                if time.monotonic() - self._read_at >= self._period_s:
                    self.latest = None
                threading.Thread(target=self._run, name="duckline-feed", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                del self._wakes[key]

    def stop(self) -> None:
        """End the feed; every listener is woken and sees `stopping`. Safe in a signal handler."""
        self.stopping = True

    def _run(self) -> None:
        while self._wait_for_tick():
            self._read_at = time.monotonic()
            try:
                text = self._read(self._number + 1, self.epoch)
            except Exception:
                log.exception("the feed could not be read; it goes on with the next tick")
                continue
            self._number += 1
            self.latest = Frame(self._number, text)
            self._wake_all()

    def _wait_for_tick(self) -> bool:
        """Wait until the next reading is due; False when there is nobody to read for."""
        while True:
            with self._lock:
                if self.stopping or not self._wakes:
                    self._ticking = False
                    break
            left_s = self._read_at + self._period_s - time.monotonic()
            if left_s <= 0:
                return True
            time.sleep(min(left_s, _NOTICE_S))
        self._wake_all()
        return False

    def _wake_all(self) -> None:
        with self._lock:
            wakes = list(self._wakes.values())
        for wake in wakes:
            wake()
