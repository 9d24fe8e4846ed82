"""Split the bytes of a child's pipe into lines, without blocking the event loop.

Owns decoding and splitting. It does not know whose lines they are or how they are shown.
"""

import asyncio
import os
from collections.abc import Callable
from typing import IO

_CHUNK_BYTES = 65536
_LONGEST_LINE_BYTES = 1 << 20  # a longer one is cut, so that a child cannot fill our memory


class LineReader:
    """Passes the complete lines of `pipe` to `on_lines` as they arrive; closes it at its end."""

    def __init__(self, pipe: IO[bytes], on_lines: Callable[[list[str]], None]) -> None:
        self._pipe = pipe
        self._on_lines = on_lines
        self._rest = b""
        os.set_blocking(pipe.fileno(), False)
        asyncio.get_running_loop().add_reader(pipe.fileno(), self.read)

    def read(self) -> None:
        """Read all available bytes."""
        while not self._pipe.closed:
            try:
                chunk = os.read(self._pipe.fileno(), _CHUNK_BYTES)
            except BlockingIOError:
                return
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            if self._rest and (not chunk or len(self._rest) > _LONGEST_LINE_BYTES):
                lines.append(self._rest)
                self._rest = b""
            if lines:
                self._on_lines([line.decode("utf-8", "replace").rstrip("\r") for line in lines])
            if not chunk:
                asyncio.get_running_loop().remove_reader(self._pipe.fileno())
                self._pipe.close()
