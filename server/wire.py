"""One client's connection, below gunicorn's parser: every wait for the client ends.

gunicorn reads and writes through a `Wire` as through a socket. What it waits for (the head of a
request, a body, the taking of an answer) says how long that may take; whoever is slower is cut off,
and no read goes on for long without a turn for the other connections. It knows no HTTP.
"""

import contextlib
import socket
import time
from typing import IO, TYPE_CHECKING

import gevent

if TYPE_CHECKING:
    from server.crowd import Crowd

#: Seconds for the head of a request, from its first byte; a new connection has them for that byte.
HEAD_S = 10.0
#: The head of a request in bytes; what a recv brings beyond it is not counted exactly.
HEAD_BYTES = 64 * 1024
#: A body brings so many bytes in so many seconds, or is cut off.
LEAST_BYTES, LEAST_S = 1024, 10.0
#: Seconds in which a client takes a part of its answer.
SEND_S = 20.0
#: What is read of a body that nobody wants, in bytes and seconds, before the connection ends.
DRAIN_BYTES, DRAIN_S = 64 * 1024, 1.0

_LARGEST_READ = 256 * 1024
_SIP_S = 0.01
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class SlowClient(TimeoutError):
    """The client did not send or take what it owed in time."""


class HeadTooLong(Exception):
    """The head of a request is larger than any that is taken."""


class Wire:
    """A socket for gunicorn, with a clock for everything that the client owes."""

    def __init__(
        self, raw: socket.socket, address: str, crowd: "Crowd", *, idle_s: float, body_s: float
    ) -> None:
        self.raw = raw
        self.address = address
        #: When the client began to owe what is waited for now, by time.monotonic().
        self.owes_since = time.monotonic()
        #: Whether the client waits for a "100 Continue" before it sends its body.
        self.holds_body_back = False
        #: Whether bytes may be under way that nobody reads: closing at once would cost the answer.
        self.lingers = False
        self._crowd, self._idle_s, self._body_s = crowd, idle_s, body_s
        self._in_body = False
        self._head_bytes = self._head_reads = 0
        self._ends = self.owes_since + HEAD_S
        self._pace_ends, self._pace_bytes = 0.0, 0

    # ---- what is waited for

    @property
    def is_idle(self) -> bool:
        """Whether no byte of a request has come yet."""
        return not self._in_body and not self._head_reads

    def await_head(self) -> None:
        """From here on, the client may begin another request."""
        self.owes_since = time.monotonic()
        self._ends = self.owes_since + self._idle_s
        self._in_body, self._head_bytes, self._head_reads = False, 0, 0

    def await_body(self, *, held_back: bool) -> None:
        """From here on, what comes is a body."""
        self._in_body, self._ends, self.holds_body_back = True, 0.0, held_back

    def hurry(self) -> None:
        """Nobody wants the rest of the body: it has a second left to come."""
        self._ends = min(self._ends or float("inf"), time.monotonic() + DRAIN_S)
        self._pace_ends = max(self._pace_ends, self._ends)

    # ---- what gunicorn calls

    def recv(self, size: int) -> bytes:
        """Read what is there, up to `size` bytes; b"" at the end. Raises SlowClient."""
        return self._recv_body(size) if self._in_body else self._recv_head(size)

    def sendall(self, data: bytes) -> None:
        """Send all of `data`. Raises SlowClient when the client does not take it."""
        self.raw.settimeout(SEND_S)
        self.owes_since = time.monotonic()
        rest = memoryview(data)
        with self._crowd.waits(self):
            while rest:
                try:
                    rest = rest[self.raw.send(rest) :]
                except TimeoutError as error:
                    raise SlowClient("the answer is not taken") from error

    def send(self, data: bytes) -> int:
        """As `sendall`; returns the length of `data`."""
        self.sendall(data)
        return len(data)

    def sendfile(self, file: IO[bytes], offset: int = 0, count: int | None = None) -> None:
        """Send `count` bytes of `file` from `offset` on, or all that follow."""
        file.seek(offset)
        while count is None or count > 0:
            part = file.read(65536 if count is None else min(65536, count))
            if not part:
                return
            self.sendall(part)
            count = None if count is None else count - len(part)

    def shutdown(self, how: int) -> None:
        self.raw.shutdown(how)

    def fileno(self) -> int:
        return self.raw.fileno()

    def abort(self) -> None:
        """Break the connection; whoever waits for the client wakes up."""
        self.lingers = False
        with contextlib.suppress(OSError):  # closed from the other side in the same moment
            self.raw.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the connection, so that an answer is read before unread bytes make it a reset."""
        if self.lingers:
            self.lingers = False
            with contextlib.suppress(OSError):
                self._linger()
        self.raw.close()

    # ---- the clocks

    def _recv_head(self, size: int) -> bytes:
        if self._head_reads > 1:  # a head in many pieces is read a few at a time
            gevent.sleep(_SIP_S)
        try:
            data = self._recv(size, self._ends)
        except SlowClient:
            if self._head_reads:
                raise
            return b""  # an idle connection ends without a word
        if not self._head_reads:
            self._ends = time.monotonic() + HEAD_S
            gevent.sleep(0)  # a thousand requests that come at once take turns
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
                raise SlowClient("nothing came in time") from error

    def _linger(self) -> None:
        self.raw.shutdown(socket.SHUT_WR)
        self.owes_since = time.monotonic()
        ends, taken = self.owes_since + DRAIN_S, 0
        with self._crowd.waits(self):
            while (left_s := ends - time.monotonic()) > 0:
                if taken >= DRAIN_BYTES:  # not a byte more; the client has its answer to read
                    gevent.sleep(left_s)
                    return
                self.raw.settimeout(left_s)
                data = self.raw.recv(DRAIN_BYTES - taken)
                if not data:
                    return
                taken += len(data)
