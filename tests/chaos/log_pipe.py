"""A pipe for what a consumer logs, with a reader that can stop to read."""

import fcntl
import os
import threading
from pathlib import Path

#: Bytes. A small pipe is full after a few lines.
_PIPE_BYTES = 4096


class LogPipe:
    """Passes on to the end of `file` what is written to `write_end`, until all writers are gone."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read_end, self.write_end = os.pipe()
        fcntl.fcntl(self.write_end, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._reads = threading.Event()
        self._reads.set()
        threading.Thread(target=self._pass_on, name="log reader", daemon=True).start()

    def stall(self) -> None:
        """Read no more."""
        self._reads.clear()

    def resume(self) -> None:
        """Read on."""
        self._reads.set()

    def close_write_end(self) -> None:
        """Close our writing end. Call it when the writer has been started."""
        os.close(self.write_end)

    def _pass_on(self) -> None:
        with self._file.open("ab", buffering=0) as file:
            while self._reads.wait() and (data := os.read(self._read_end, 65536)):
                file.write(data)
        os.close(self._read_end)
