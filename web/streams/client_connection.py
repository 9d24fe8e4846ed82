"""The TCP connection of one WebSocket client, wrapped for simple-websocket.

simple-websocket 1.1.0 writes a frame with one `send`. For a slow client under gevent, `send`
returns after a part of the frame: the rest is lost and corrupts the stream. `ClientConnection`
replaces the socket: it sends whole frames within a time limit, limits what a client may send, and
closes so that the last close frame still arrives. It knows nothing of tasks or statistics.
"""

import select
import socket
import threading
import time

from web.streams.frames import FrameHeaders

#: Seconds after which a client that does not receive a frame is dropped.
SEND_TIMEOUT_S = 5.0
#: Bytes that a client may send at once, and per second; pongs and a close frame are tiny.
READ_BURST_BYTES = 32 * 1024
READ_RATE_BYTES_PER_S = 2 * 1024
#: Unsent bytes that the kernel buffers for one client: limits the memory of a slow reader.
_KERNEL_BUFFER_BYTES = 128 * 1024
#: Milliseconds after which the kernel gives up on a peer that acknowledges nothing.
_DEAD_PEER_MS = 20_000
_LINGER_S = 1.0
_LINGER_BYTES = 1024 * 1024
_CLOSE_POLICY_VIOLATION = b"\x88\x02\x03\xf0"  # a close frame with the code 1008
_CLOSE_TOO_BIG = b"\x88\x02\x03\xf1"  # 1009
#: Bytes. A frame whose header announces more ends its socket with 1009.
MAX_FRAME_BYTES = 4096


class ClientConnection:
    """One client's socket, with the methods that simple-websocket calls."""

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

        Raises TimeoutError when the client does not receive it in time; the connection is then
        broken, because a part may have been sent.
        """
        deadline = time.monotonic() + self._send_timeout_s
        with self._sending:
            if self._broken:
                raise BrokenPipeError("an earlier frame was sent only in part")
            rest = memoryview(data)
            while rest:
                self._wait_until_writable(deadline)
                rest = rest[self._sock.send(rest, socket.MSG_DONTWAIT) :]
        return len(data)

    def recv(self, size: int) -> bytes:
        """Read what the client sent. Raises ConnectionAbortedError when it sends too much."""
        data = self._sock.recv(size)
        now = time.monotonic()
        refill = (now - self._read_at) * READ_RATE_BYTES_PER_S
        self._read_at = now
        self._allowance = min(READ_BURST_BYTES, self._allowance + refill) - len(data)
        if self._allowance < 0:
            self.send(_CLOSE_POLICY_VIOLATION)
            raise ConnectionAbortedError("the client sends more than a read-only feed accepts")
        if not self._headers.feed(data):
            self.send(_CLOSE_TOO_BIG)
            raise ConnectionAbortedError("the client sends a frame that is too long")
        return data

    def close(self) -> None:
        """Close so that what was sent arrives: with unread input the kernel would send a reset."""
        try:
            if not self._broken:
                self._sock.shutdown(socket.SHUT_WR)
                self._drain()
        except OSError:
            self._broken = True  # the client is gone: there is nothing left to deliver
        self._sock.close()

    def abort(self) -> None:
        """Break the connection at once; a reader that waits in `recv` wakes up."""
        self._broken = True
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the client closed it at the same moment, which is the goal

    def _wait_until_writable(self, deadline: float) -> None:
        left_s = deadline - time.monotonic()
        poller = select.poll()
        poller.register(self._sock.fileno(), select.POLLOUT)
        if left_s <= 0 or not poller.poll(left_s * 1000):
            self.abort()
            raise TimeoutError(f"the client received no frame for {self._send_timeout_s:g} s")

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
