"""Copies of a worker: when a task forks and both sides return, two processes are in its code.

The copy has the connections, the claims and the slot of the worker. It must not take a task, send a
step or clean up what is the worker's, so it ends where it would come back into our code.
"""

import contextlib
import logging
import os

_worker_pid = 0


def begin() -> None:
    """Record that this process is a worker; a process with its memory and another pid is a copy."""
    global _worker_pid
    _worker_pid = os.getpid()


def end_if_copy(error: BaseException | None = None) -> None:
    """End this process at once if it is a copy; `error` is what its code has raised.

    Its exit status is that of a program that ends so. Nothing is flushed, no exit handler runs.
    """
    if _worker_pid and os.getpid() != _worker_pid:
        try:
            _log(error)
        finally:
            os._exit(_status(error))


def _status(error: BaseException | None) -> int:
    if not isinstance(error, SystemExit):
        return 0 if error is None else 1
    return error.code & 0xFF if isinstance(error.code, int) else int(error.code is not None)


def _log(error: BaseException | None) -> None:
    """Log past all streams, whose locks a thread of the worker may have held at the fork."""
    text = "a process that a task forked came back from the task, and is ended"
    record = logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, None, None)
    record.pid = os.getpid()
    if error is not None:
        record.error = type(error).__name__
    handlers = logging.root.handlers
    line = handlers[0].format(record) if handlers else text
    with contextlib.suppress(OSError):  # the copy has closed it, so there is no log
        os.write(2, f"{line}\n".encode())
