"""What a function prints: lines out of a pipe, of which the last are kept."""

import os
from collections import deque

#: Lines kept between two looks, and characters of a line: what a task's log keeps.
MOST_LINES, MOST_CHARS = 500, 2000

_CHUNK = 1 << 16


class Output:
    """Reads a pipe without ever waiting for it; knows the lines that nobody has taken yet."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        os.set_blocking(fd, False)
        self._lines: deque[str] = deque(maxlen=MOST_LINES)
        self._rest = b""

    def fileno(self) -> int:
        """Return the pipe, to wait for."""
        return self._fd

    def read(self) -> bool:
        """Take what is in the pipe, at most 1 MB; returns False at its end."""
        for _ in range(16):
            try:
                chunk = os.read(self._fd, _CHUNK)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            self._keep(chunk)
        return True

    def take(self) -> list[str]:
        """Return the complete lines since the last call."""
        lines = list(self._lines)
        self._lines.clear()
        return lines

    def finish(self) -> list[str]:
        """Return the last lines, also one that has no end."""
        if self._rest:
            self._keep(b"\n")
        return self.take()

    def _keep(self, chunk: bytes) -> None:
        *lines, rest = (self._rest + chunk).split(b"\n")
        for line in lines[-MOST_LINES:]:
            self._lines.append(line[: MOST_CHARS * 4].decode("utf-8", "replace")[:MOST_CHARS])
        self._rest = rest[: MOST_CHARS * 4]
