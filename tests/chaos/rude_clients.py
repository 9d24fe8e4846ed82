"""Clients that push without end, and one that asks whether the service lives meanwhile."""

import contextlib
import socket
import threading
import time
from pathlib import Path
from statistics import median

#: A client that is cut off has pushed at most so much: what the buffers of both kernels take.
MOST_BYTES = 64_000_000

#: Seconds that a sign of life may take, in the middle, on a machine with much else to do. A service
#: that stands still gives none within TIMEOUT_S. One that is being started is given START_S first.
MOST_WAIT_S, TIMEOUT_S, START_S = 1.0, 5.0, 20.0

_POST = b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
_ENDLESS = b"Content-Length: 9999999999\r\n\r\n", b"x" * 65536
_CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65536 + b"\r\n"
_FLOODS = tuple(
    (_POST % path + head, more)
    for path in (b"/api/tasks/submit", b"/nowhere")
    for head, more in (_ENDLESS, _CHUNKED)
)
_LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class RudeClients:
    """One client for each flood; a client that is cut off begins again."""

    def __init__(self, web: Path) -> None:
        self._web = web
        self._over = threading.Event()
        self._most_bytes = 0
        self._waits: list[float] = []
        self._threads = [
            threading.Thread(target=self._push_again, args=flood, name="rude") for flood in _FLOODS
        ]
        self._threads.append(threading.Thread(target=self._ask_again, name="sign of life"))

    def start(self) -> None:
        """Begin to push, once the service answers."""
        ends = time.monotonic() + START_S
        while time.monotonic() < ends and (self._ask() or TIMEOUT_S) >= TIMEOUT_S:
            self._over.wait(0.05)
        for thread in self._threads:
            thread.start()

    def stop(self) -> list[str]:
        """Push no more; return what the service did wrong, a line each."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        wrong: list[str] = []
        if self._most_bytes > MOST_BYTES:
            wrong.append(f"a client could push {self._most_bytes:,} bytes before it was cut off")
        if self._waits and median(self._waits) > MOST_WAIT_S:
            wrong.append(f"/health/live took {median(self._waits):.1f} s while clients pushed")
        return wrong

    def _push_again(self, begin: bytes, more: bytes) -> None:
        while not self._over.is_set():
            pushed = 0
            with contextlib.suppress(OSError), self._connect() as client:
                client.sendall(begin)
                while not self._over.is_set() and pushed <= MOST_BYTES:
                    pushed += client.send(more)
            self._most_bytes = max(self._most_bytes, pushed)
            self._over.wait(0.01)

    def _ask_again(self) -> None:
        while not self._over.wait(0.05):
            if (wait_s := self._ask()) is not None:
                self._waits.append(wait_s)

    def _ask(self) -> float | None:
        """The seconds that a sign of life takes; None when nobody listens."""
        begun = time.monotonic()
        try:
            with self._connect() as client:
                client.sendall(_LIVE)
                return time.monotonic() - begun if client.recv(1000) else None
        except TimeoutError:
            return TIMEOUT_S
        except OSError:
            return None

    def _connect(self) -> socket.socket:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(TIMEOUT_S)
        try:
            client.connect(str(self._web))
        except OSError:
            client.close()
            raise
        return client
