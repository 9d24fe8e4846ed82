"""A proxy before Redis that delays answers, ends or goes silent: a socket before the server's own.

A silent connection stays open and passes nothing on, as after a power cut; a new
connection gets through.
"""

import contextlib
import selectors
import socket
import threading
import time
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import cast


class SlowProxy:
    """Passes bytes between `socket` and `server` in its own thread."""

    def __init__(self, place: Path, server: Path) -> None:
        self.socket, self._server = place, server
        #: Delay of every answer in seconds.
        self.delay_s = 0.0
        #: Whether it ends each connection after an answer, and how many it has ended so.
        self.cuts, self.cut = False, 0
        self._others: dict[socket.socket, socket.socket] = {}
        self._answering: set[socket.socket] = set()
        self._dead: set[socket.socket] = set()
        self._late: deque[tuple[float, socket.socket, bytes]] = deque()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(place))
        self._listener.listen()
        self._woken, self._wake = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        for source in (self._listener, self._woken):
            self._selector.register(source, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="slow-proxy")

    def __enter__(self) -> "SlowProxy":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._wake.send(b"x")
        self._thread.join()
        for end in (*self._others, self._listener, self._woken, self._wake):
            end.close()
        self._selector.close()

    def silence(self) -> None:
        """Stop every connection that is open now from passing anything."""
        self._dead = set(self._others)

    def _run(self) -> None:
        while True:
            wait_s = max(self._late[0][0] - time.monotonic(), 0) if self._late else None
            for key, _ in self._selector.select(wait_s):
                if key.fileobj is self._woken:
                    return
                if key.fileobj is self._listener:
                    self._connect()
                elif key.fileobj in self._others:  # its other end may just have closed both
                    self._pass(cast(socket.socket, key.fileobj))
            while self._late and self._late[0][0] <= time.monotonic():
                _, end, data = self._late.popleft()
                self._send(end, data)

    def _connect(self) -> None:
        client, _ = self._listener.accept()
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(str(self._server))
        except OSError:  # Redis is down: so is the proxy
            client.close()
            server.close()
            return
        self._others |= {client: server, server: client}
        self._answering.add(server)
        for end in (client, server):
            self._selector.register(end, selectors.EVENT_READ)

    def _pass(self, end: socket.socket) -> None:
        data = b""
        with contextlib.suppress(OSError):
            data = end.recv(1 << 16)
        if not data:
            self._close(end)
        elif end in self._dead:
            return
        elif self.delay_s and end in self._answering:
            self._late.append((time.monotonic() + self.delay_s, self._others[end], data))
        elif self.cuts and end in self._answering:
            self.cut += 1
            self._others[end].shutdown(socket.SHUT_RD)  # before its client can send more
            self._send(self._others[end], data)
            self._close(end)
        else:
            self._send(self._others[end], data)

    def _send(self, end: socket.socket, data: bytes) -> None:
        with contextlib.suppress(OSError):  # it is closed: the next read of it shows that
            end.sendall(data)

    def _close(self, end: socket.socket) -> None:
        for closed in (end, self._others[end]):
            self._selector.unregister(closed)
            del self._others[closed]
            closed.close()
