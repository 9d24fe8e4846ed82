"""One client's connection, below gunicorn's parser: every wait for the client has a timeout.

gunicorn reads and writes through a `Wire` like through a socket. The timeout depends on what is
awaited: the head of a request, a body, or the receipt of an answer. A slower client is
disconnected, and long reads yield to the other connections. It knows no HTTP.
"""

import contextlib
import socket
import time
from typing import IO, TYPE_CHECKING

import gevent

if TYPE_CHECKING:
    from duckline.server.crowd import Crowd

#: Seconds for the head of a request, from its first byte; a new connection has as long for that.
HEAD_S = 10.0
#: The largest head of a request, in bytes; the last recv may exceed it.
HEAD_BYTES = 64 * 1024
#: The slowest accepted body: bytes per seconds.
LEAST_BYTES, LEAST_S = 1024, 10.0
#: Seconds in which a client must receive some part of its answer.
SEND_S = 20.0
#: How much of an unwanted body is read, in bytes and seconds, before the connection closes.
DRAIN_BYTES, DRAIN_S = 64 * 1024, 1.0

_LARGEST_READ = 256 * 1024
_SIP_S = 0.01
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class SlowClient(TimeoutError):
    """The client did not send or receive in time."""


class HeadTooLong(Exception):
    """The head of a request is larger than HEAD_BYTES."""


class Wire:
    """A socket for gunicorn, with a timeout for everything that it waits for."""

    def __init__(
        self, raw: socket.socket, address: str, crowd: "Crowd", *, idle_s: float, body_s: float
    ) -> None:
        self.raw = raw
        self.address = address
        #: Since when we wait for the client, by time.monotonic().
        self.owes_since = time.monotonic()
        #: Whether the client waits for a "100 Continue" before it sends its body.
        self.holds_body_back = False
        #: Whether a proxy whose headers are believed is at the other end; None: nobody has looked.
        self.is_proxy: bool | None = None
        #: Whether unread bytes may be on their way: closing at once would reset the connection, and
        #: the client would lose the answer.
        self.lingers = False
        self._crowd, self._idle_s, self._body_s = crowd, idle_s, body_s
        self._in_body = False
        self._head_bytes = self._head_reads = 0
        self._ends = self.owes_since + HEAD_S
        self._pace_ends, self._pace_bytes = 0.0, 0

    # ---- what the connection waits for

    @property
    def is_idle(self) -> bool:
        """Whether no byte of a request has arrived yet."""
        return not self._in_body and not self._head_reads

    def await_head(self) -> None:
        """Wait for the head of another request from now on."""
        self.owes_since = time.monotonic()
        self._ends = self.owes_since + self._idle_s
        self._in_body, self._head_bytes, self._head_reads = False, 0, 0

    def await_body(self, *, held_back: bool) -> None:
        """Wait for a body from now on."""
        self._in_body, self._ends, self.holds_body_back = True, 0.0, held_back

    def hurry(self) -> None:
        """Give the rest of an unwanted body DRAIN_S seconds to arrive."""
        self._ends = min(self._ends or float("inf"), time.monotonic() + DRAIN_S)
        self._pace_ends = max(self._pace_ends, self._ends)

    # ---- what gunicorn calls

    def recv(self, size: int) -> bytes:
        """Read up to `size` bytes; b"" at the end. Raises SlowClient."""
        return self._recv_body(size) if self._in_body else self._recv_head(size)

    def sendall(self, data: bytes) -> None:
        """Send all of `data`. Raises SlowClient when the client does not receive it."""
        self.raw.settimeout(SEND_S)
        self.owes_since = time.monotonic()
        rest = memoryview(data)
        with self._crowd.waits(self):
            while rest:
                try:
                    rest = rest[self.raw.send(rest) :]
                except TimeoutError as error:
                    raise SlowClient("the client does not receive the answer") from error

    def send(self, data: bytes) -> int:
        """Do what `sendall` does; return the length of `data`."""
        self.sendall(data)
        return len(data)

    def sendfile(self, file: IO[bytes], offset: int = 0, count: int | None = None) -> None:
        """Send `count` bytes of `file` from `offset` on, or all of them."""
        file.seek(offset)
        while count is None or count > 0:
            part = file.read(65536 if count is None else min(65536, count))
            if not part:
                return
            self.sendall(part)
            count = None if count is None else count - len(part)

    def fileno(self) -> int:
        return self.raw.fileno()

    def abort(self) -> None:
        """Break the connection; a greenlet that waits for the client wakes up."""
        self.lingers = False
        with contextlib.suppress(OSError):  # the client closed it at the same moment
            self.raw.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close, but let the client read its answer before unread bytes cause a reset."""
        if self.lingers:
            self.lingers = False
            with contextlib.suppress(OSError):
                self._linger()
        self.raw.close()

    # ---- the timeouts

    def _recv_head(self, size: int) -> bytes:
        if self._head_reads > 1:  # a head in many small pieces is read with pauses
            gevent.sleep(_SIP_S)
        try:
            data = self._recv(size, self._ends)
        except SlowClient:
            if self._head_reads:
                raise
            return b""  # an idle connection closes silently
        if not self._head_reads:
            self._ends = time.monotonic() + HEAD_S
            gevent.sleep(0)  # lets a thousand simultaneous requests take turns
        self._head_reads += 1
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES:
            raise HeadTooLong
        return data

    def _recv_body(self, size: int) -> bytes:
        if self.holds_body_back:
            self.holds_body_back = False
            self.sendall(_CONTINUE)
        now = time.monotonic()
        if not self._ends:
            self.owes_since = now
            self._ends = now + self._body_s
            self._pace_ends, self._pace_bytes = now + LEAST_S, 0
        else:
            gevent.sleep(0)
        data = self._recv(min(size, _LARGEST_READ), min(self._ends, self._pace_ends))
        self._pace_bytes += len(data)
        if self._pace_bytes >= LEAST_BYTES:
            self._pace_ends, self._pace_bytes = time.monotonic() + LEAST_S, 0
        return data

    def _recv(self, size: int, ends: float) -> bytes:
        left_s = ends - time.monotonic()
        if left_s <= 0:
            raise SlowClient("too slow")
        self.raw.settimeout(left_s)
        with self._crowd.waits(self):
            try:
                return self.raw.recv(size)
            except TimeoutError as error:
                raise SlowClient("no data in time") from error

    def _linger(self) -> None:
        self.raw.shutdown(socket.SHUT_WR)
        self.owes_since = time.monotonic()
        ends, taken = self.owes_since + DRAIN_S, 0
        with self._crowd.waits(self):
            while (left_s := ends - time.monotonic()) > 0:
                if taken >= DRAIN_BYTES:  # no more bytes; the client has time to read its answer
                    gevent.sleep(left_s)
                    return
                self.raw.settimeout(left_s)
                data = self.raw.recv(DRAIN_BYTES - taken)
                if not data:
                    return
                taken += len(data)
