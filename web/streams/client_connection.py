"""The TCP connection of one WebSocket client, made safe to hand to simple-websocket.

simple-websocket 1.1.0 writes a frame with one `send`, which under gevent returns after a part of
it when the client is slow: the rest is lost and the stream is garbage from there on. `Line` stands
in for the socket: it sends whole frames within a time limit, reads no more than a read-only feed
has a reason to receive, and closes so that the last close frame still arrives. It knows nothing of
tasks or statistics.
"""

import select
import socket
import threading
import time

from web.streams.frames import FrameHeaders

#: A client that does not take a frame within this time is dropped, in seconds.
SEND_TIMEOUT_S = 5.0
#: What a client may send at once, and per second, in bytes; pongs and a close frame are tiny.
READ_BURST_BYTES = 32 * 1024
READ_RATE_BYTES_PER_S = 2 * 1024
#: Unsent bytes that the kernel keeps for one client: bounds the memory that a slow reader takes.
_KERNEL_BUFFER_BYTES = 128 * 1024
#: The kernel gives up on a peer that acknowledges nothing for this time.
_DEAD_PEER_MS = 20_000
_LINGER_S = 1.0
_LINGER_BYTES = 1024 * 1024
_CLOSE_POLICY_VIOLATION = b"\x88\x02\x03\xf0"  # a close frame with the code 1008
_CLOSE_TOO_BIG = b"\x88\x02\x03\xf1"  # 1009
#: A frame that claims to be longer ends its socket with 1009, in bytes.
MAX_FRAME_BYTES = 4096


class Line:
    """One client's socket, with the few methods that simple-websocket calls."""

    def __init__(self, sock: socket.socket, send_timeout_s: float = SEND_TIMEOUT_S) -> None:
        self._sock = sock
        self._send_timeout_s = send_timeout_s
        self._sending = threading.Lock()
        self._broken = False
        self._allowance = float(READ_BURST_BYTES)
        self._read_at = time.monotonic()
        self._headers = FrameHeaders(MAX_FRAME_BYTES)
        sock.settimeout(None)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BUFFER_BYTES)
        if sock.family != socket.AF_UNIX and hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _DEAD_PEER_MS)

    def fileno(self) -> int:
        """Return the descriptor, for selectors."""
        return self._sock.fileno()

    def send(self, data: bytes) -> int:
        """Send all of `data`, never mixed with another frame.

        Raises TimeoutError when the client does not take it in time; the line is then broken,
        because a part may have been sent.
        """
        deadline = time.monotonic() + self._send_timeout_s
        with self._sending:
            if self._broken:
                raise BrokenPipeError("a frame before this one was not sent whole")
            rest = memoryview(data)
            while rest:
                self._wait_until_writable(deadline)
                rest = rest[self._sock.send(rest, socket.MSG_DONTWAIT) :]
        return len(data)

    def recv(self, size: int) -> bytes:
        """Read what the client sent; raises ConnectionAbortedError when it floods the feed."""
        data = self._sock.recv(size)
        now = time.monotonic()
        refill = (now - self._read_at) * READ_RATE_BYTES_PER_S
        self._read_at = now
        self._allowance = min(READ_BURST_BYTES, self._allowance + refill) - len(data)
        if self._allowance < 0:
            self.send(_CLOSE_POLICY_VIOLATION)
            raise ConnectionAbortedError("the client sends more than a read-only feed takes")
        if not self._headers.feed(data):
            self.send(_CLOSE_TOO_BIG)
            raise ConnectionAbortedError("the client sends a frame that is too long")
        return data

    def close(self) -> None:
        """Close so that what was sent arrives: unread input would make the kernel reset it."""
        try:
            if not self._broken:
                self._sock.shutdown(socket.SHUT_WR)
                self._drain()
        except OSError:
            self._broken = True  # the client is gone already: nothing is left to deliver
        self._sock.close()

    def abort(self) -> None:
        """Break the connection at once; a reader that waits in `recv` wakes up."""
        self._broken = True
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # closed from the other side in the same moment, which is what we want

    def _wait_until_writable(self, deadline: float) -> None:
        left_s = deadline - time.monotonic()
        poller = select.poll()
        poller.register(self._sock.fileno(), select.POLLOUT)
        if left_s <= 0 or not poller.poll(left_s * 1000):
            self.abort()
            raise TimeoutError(f"the client took no frame for {self._send_timeout_s:g} s")

    def _drain(self) -> None:
        deadline = time.monotonic() + _LINGER_S
        poller = select.poll()
        poller.register(self._sock.fileno(), select.POLLIN)
        taken = 0
        while taken < _LINGER_BYTES and (left_s := deadline - time.monotonic()) > 0:
            if not poller.poll(left_s * 1000):
                return
            data = self._sock.recv(65536)
            if not data:
                return
            taken += len(data)
