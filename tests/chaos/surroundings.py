"""What a task of the storm looks at before it begins: whether its worker is as it should be.

Read once when the task modules are imported, in the consumer, before any task has run. Whatever
differs later was left by a task before, and is named.
"""

import logging
import os
import resource
import signal
from pathlib import Path

#: Bytes. A worker with more memory than this takes no other task: WORKER_MAX_MEMORY.
MAX_MEMORY = 400_000_000

_FOLDER, _UMASK = Path.cwd(), 0o022
_HANDLED = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)

os.umask(_UMASK)
_variables = {name: os.environ.get(name) for name in ("PATH", "REDIS_URL", "TASKS_PATH")}
_copies: set[int] = set()


def _files() -> list[tuple[int, int]]:
    return [(found.st_dev, found.st_ino) for found in map(os.fstat, range(3))]


_known_files = _files()


def this_is_a_copy() -> None:
    """This process was forked by a task, and is no worker."""
    _copies.add(os.getpid())


def oddities() -> list[str]:
    """Name what is not as it should be."""
    checks = {
        "a copy of a worker runs it": os.getpid() in _copies,
        "descriptors 0 to 2 are other files": _other_files(),
        "another working folder": _other_folder(),
        "other variables": _other_variables(),
        "another umask": os.umask(_UMASK) != _UMASK,
        "a timer runs": any(signal.getitimer(timer)[0] for timer in range(3)),
        "signals have other handlers": not all(map(_is_ours, _HANDLED)),
        "nothing is logged": not logging.root.handlers or logging.root.manager.disable > 0,
        "too much memory": _memory() > MAX_MEMORY,
    }
    return [name for name, found in checks.items() if found]


def _other_files() -> bool:
    try:
        return _files() != _known_files
    except OSError:
        return True


def _other_folder() -> bool:
    try:
        return Path.cwd() != _FOLDER
    except OSError:
        return True


def _other_variables() -> bool:
    return any(os.environ.get(name) != value for name, value in _variables.items())


def _is_ours(signum: int) -> bool:
    handler = signal.getsignal(signum)
    return callable(handler) and handler.__module__.startswith("huey_tasks")


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
