"""A log stream that no stopped reader can block.

A pipe into a pager, a terminal after Ctrl-S, a container's log driver that hangs: an ordinary write
then waits for ever, and so does every task, heartbeat and SIGTERM. This stream keeps what the
reader does not take, up to a bound, drops what is more, and says how many lines are missing. It
knows nothing of what a line says.
"""

import errno
import os
import select
import socket
import stat
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress

#: Bytes that the stream keeps for a reader that does not read now.
BACKLOG_BYTES = 1024 * 1024
#: Seconds for which a writer waits once, for a reader that is only slow.
PATIENCE_S = 0.05
#: A pipe that is ready takes this much at once (POSIX: PIPE_BUF is at least 512; Linux has 4096).
_SURE_BYTES = 512
#: A file cannot grow now, because its disk or a quota is full; it can later.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class LogStream:
    """Text goes to the open file `fd`, which stays the caller's; `write` never waits for long."""

    def __init__(self, fd: int, *, backlog_bytes: int = BACKLOG_BYTES) -> None:
        self._write_some, self._out = _writer(fd)
        self._backlog_bytes = backlog_bytes
        self._forget()

    def fileno(self) -> int:
        """Return the descriptor that is written to."""
        return self._out

    def isatty(self) -> bool:
        """Return whether people read it on a terminal."""
        return os.isatty(self._out)

    def write(self, text: str) -> int:
        """Write whole lines, or keep them for later, or drop and count them.

        Does nothing once the reader is gone (`make run | head`, a terminal that was closed), which
        must not stop the tasks.
        """
        if os.getpid() != self._pid:
            self._forget()  # the parent writes the lines that it has kept
        data = text.encode("utf-8", "backslashreplace")
        if self._kept_bytes + len(data) > self._backlog_bytes and self._kept:
            self.flush()
        if self._kept_bytes + len(data) > self._backlog_bytes and self._kept:
            self._dropped += text.count("\n") or 1
            return len(text)
        self._kept.append(data)
        self._kept_bytes += len(data)
        self.flush()
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each line."""
        for line in lines:
            self.write(line)

    def flush(self) -> bool:
        """Write what is kept, as far as the reader takes it now; return whether that was all."""
        while self._kept:
            try:
                written = self._write_some(self._kept[0])
            except OSError as error:
                if error.errno in _FULL:
                    return False
                self._forget()  # whatever else it is, nobody reads this any more
                return True
            if written is None:
                if self._stalled or not self._wait():
                    return False
                continue
            self._kept_bytes -= written
            if written < len(self._kept[0]):
                self._kept[0] = self._kept[0][written:]
                continue
            self._kept.popleft()
            if not self._kept:
                self._stalled = False
                self._say_what_is_missing()
        return True

    def close(self) -> None:
        """Close what this stream has opened; `fd` stays open."""
        os.close(self._out)

    def drain(self, limit_s: float) -> None:
        """Wait up to `limit_s` seconds until the reader has the last lines."""
        deadline = time.monotonic() + limit_s
        self.flush()
        while self._kept and time.monotonic() < deadline:
            time.sleep(0.01)
            self.flush()

    def _wait(self) -> bool:
        """Wait PATIENCE_S for the reader, once; again only after it has caught up."""
        poller = select.poll()
        poller.register(self._out, select.POLLOUT)
        self._stalled = not poller.poll(PATIENCE_S * 1000)
        return not self._stalled

    def _say_what_is_missing(self) -> None:
        if not self._dropped:
            return
        line = f"({self._dropped} log lines are missing here: nobody read the log meanwhile)\n"
        self._dropped = 0
        self._kept.append(line.encode())
        self._kept_bytes += len(line)

    def _forget(self) -> None:
        self._pid = os.getpid()
        self._kept: deque[bytes] = deque()
        self._kept_bytes = 0
        self._dropped = 0
        self._stalled = False


def _writer(fd: int) -> tuple[Callable[[bytes], int | None], int]:
    """Return a function that writes without waiting (None: the reader is not ready), and its fd.

    O_NONBLOCK belongs to the open file, which other processes share and rely on. So the file is
    opened once more where that is possible.
    """
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        own = os.dup(fd)
        return lambda data: os.write(own, data), own
    if stat.S_ISSOCK(mode):
        own = os.dup(fd)
        return lambda data: _or_none(lambda: _send(own, data)), own
    with suppress(OSError):  # not Linux, or a terminal of another user: the last way below
        again = os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        return lambda data: _or_none(lambda: os.write(again, data)), again
    own, poller = os.dup(fd), select.poll()
    poller.register(own, select.POLLOUT)
    return lambda data: os.write(own, data[:_SURE_BYTES]) if poller.poll(0) else None, own


def _send(fd: int, data: bytes) -> int:
    peer = socket.socket(fileno=fd)
    try:
        return peer.send(data, socket.MSG_DONTWAIT)
    finally:
        peer.detach()


def _or_none(write: Callable[[], int]) -> int | None:
    try:
        return write()
    except BlockingIOError:
        return None
