"""Make one frame every two seconds for any number of sockets.

While there are listeners, the feed calls `read` once per tick and keeps its text as the latest
frame. Listeners are woken and fetch it themselves, so that a slow one skips frames instead of
queueing them and delays nobody; the numbers of the frames show the gap. Without listeners nothing
is read. It knows neither sockets nor the content of a frame.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

log = logging.getLogger("duckline.web.feed")

#: Seconds until a stop is noticed. A signal handler may only set a flag: under gevent it can run in
#: the hub, where nothing may block.
_NOTICE_S = 0.1


@dataclass(frozen=True)
class Frame:
    """One reading, numbered from 1."""

    number: int
    text: str


class Feed:
    """Keeps the latest frame up to date while there are listeners."""

    def __init__(self, read: Callable[[int, str], str], period_s: float = 2.0) -> None:
        """Call `read` with the number of the frame and the epoch."""
        #: Distinguishes the frames of this process from those of an earlier one, which also
        #: started at 1.
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
        """The number of listeners."""
        return len(self._wakes)

    @contextmanager
    def listen(self, wake: Callable[[], None]) -> Generator[None]:
        """Keep the feed running inside this block; call `wake` when `latest` has changed.

        A frame younger than the period is available at once; otherwise the feed reads a new one.
        """
        key = object()
        with self._lock:
            if not self._ticking:
                if time.monotonic() - self._read_at >= self._period_s:
                    self.latest = None
                # Where the system starts no thread now, the next listener tries again.
                threading.Thread(target=self._run, name="duckline-feed", daemon=True).start()
                self._ticking = True
            self._wakes[key] = wake
        try:
            yield
        finally:
            with self._lock:
                del self._wakes[key]

    def stop(self) -> None:
        """End the feed: wake every listener, which sees `stopping`. Safe in a signal handler."""
        self.stopping = True

    def _run(self) -> None:
        while self._wait_for_tick():
            self._read_at = time.monotonic()
            try:
                text = self._read(self._number + 1, self.epoch)
            except Exception:
                log.exception("reading the feed failed; trying again at the next tick")
                continue
            self._number += 1
            self.latest = Frame(self._number, text)
            self._wake_all()

    def _wait_for_tick(self) -> bool:
        """Wait until the next reading is due; return False when there are no listeners."""
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
