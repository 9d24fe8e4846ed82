"""Task types that leave their worker in another state than they found it."""

import asyncio
import contextlib
import ctypes
import decimal
import gc
import io
import locale
import logging
import logging.config
import os
import resource
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from huey_tasks import current_task, task

LOGGER = logging.getLogger("shop")

_kept: list[Any] = []


class Mute(logging.Filter):
    """Lets nothing pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        return False


def _enter_and_remove() -> None:
    os.chdir(folder := tempfile.mkdtemp())
    Path(folder).rmdir()


def _lose_temporary_folder() -> None:
    tempfile.tempdir = tempfile.mkdtemp()
    Path(tempfile.tempdir).rmdir()


def _dictionary_of_logging() -> None:
    logging.config.dictConfig({"version": 1, "root": {"level": "ERROR", "handlers": []}})


def _point_at_file(fd: int) -> None:
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), fd)


def _close_and_open(fd: int) -> None:
    """The classic way: the file takes the number that has become free."""
    os.close(fd)
    _kept.append(os.open(os.devnull, os.O_WRONLY))


def _trace(*_: Any) -> None:
    """See nothing."""


def _close_loop() -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.close()


def _limit_files(number: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))


#: What is restored: the same worker continues.
PUT_BACK: dict[str, Callable[[], object]] = {
    "close 0": lambda: os.close(0),
    "close 1": lambda: os.close(1),
    "close 0 to 2": lambda: os.closerange(0, 3),
    "a file over 1": lambda: _point_at_file(1),
    "a file over 2": lambda: _point_at_file(2),
    "a file in the place of 1": lambda: _close_and_open(1),
    "close the low numbers": lambda: os.closerange(12, 60),
    "chdir": lambda: os.chdir("/"),
    "a folder that is gone": _enter_and_remove,
    "a temporary folder that is gone": _lose_temporary_folder,
    "umask": lambda: os.umask(0o777),
    "clear the environment": os.environ.clear,
    "a variable": lambda: os.environ.update(SHOP_CUSTOMER="ada"),
    "a variable less": lambda: os.environ.pop("PATH"),
    "another environment": lambda: setattr(os, "environ", {"PATH": "/nowhere"}),
    "alarm": lambda: signal.alarm(1),
    "timer": lambda: signal.setitimer(signal.ITIMER_REAL, 0.3, 0.3),
    "timer of processor time": lambda: signal.setitimer(signal.ITIMER_PROF, 0.01, 0.01),
    "handler of SIGTERM": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "handler of SIGUSR1": lambda: signal.signal(signal.SIGUSR1, signal.SIG_DFL),
    "handler of SIGALRM": lambda: signal.signal(signal.SIGALRM, signal.SIG_IGN),
    "signal mask": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()),
    "basicConfig": lambda: logging.basicConfig(level=logging.ERROR, force=True),
    "dictConfig": _dictionary_of_logging,
    "logging.disable": lambda: logging.disable(logging.CRITICAL),
    "logging.shutdown": logging.shutdown,
    "handlers": logging.root.handlers.clear,
    "root level": lambda: logging.root.setLevel(logging.CRITICAL),
    "a filter": lambda: logging.root.handlers[-1].addFilter(Mute()),
    "level of a handler": lambda: logging.root.handlers[-1].setLevel(logging.CRITICAL),
    "a logger": lambda: setattr(LOGGER, "propagate", False),
    "disabled logger": lambda: setattr(LOGGER, "disabled", True),
    "our loggers": lambda: setattr(logging.getLogger("huey_tasks.tasks"), "disabled", True),
    "stdout": lambda: setattr(sys, "stdout", io.StringIO()),
    "no stderr": lambda: setattr(sys, "stderr", None),
    "socket time limit": lambda: socket.setdefaulttimeout(0.000001),
    "switch interval": lambda: sys.setswitchinterval(100),
    "recursion limit": lambda: sys.setrecursionlimit(150),
    "trace": lambda: sys.settrace(_trace),
    "no gc": gc.disable,
    "limit of files": lambda: _limit_files(80),
    "nice": lambda: os.nice(1),
    "locale": lambda: locale.setlocale(locale.LC_ALL, "C.UTF-8"),
    "decimals": lambda: decimal.getcontext().__setattr__("prec", 2),
    "closed event loop": _close_loop,
    "stack size": lambda: threading.stack_size(1 << 20),
}


def _close_everything() -> None:
    os.closerange(0, 4096)


def _close_what_is_ours() -> None:
    os.closerange(3, 4096)


def _open_files() -> None:
    with contextlib.suppress(OSError):
        while True:
            _kept.append(os.open(os.devnull, os.O_RDONLY))


def _keep_some_files() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    _kept.extend(os.open(os.devnull, os.O_RDONLY) for _ in range(min(soft // 2, 1000)))


def _become_nobody() -> None:
    os.setgroups([])
    os.setresuid(65534, 65534, 65534)


#: What cannot be restored: another worker replaces this one.
REPLACED: dict[str, Callable[[], object]] = {
    "close everything": _close_everything,
    "close everything but 0 to 2": _close_what_is_ours,
    "open files until there are no more": _open_files,
    "keep a thousand files open": _keep_some_files,
    "close sys.stdout": lambda: sys.stdout.close(),
}
if os.getuid() == 0:
    REPLACED["another user"] = _become_nobody
    REPLACED["another root folder"] = lambda: os.chroot("/dev")


@task(queue="default")
def ways_to_spoil(replaced: bool) -> list[str]:
    """Name the ways after which the worker is replaced, or is not."""
    return list(REPLACED if replaced else PUT_BACK)


@task(queue="default")
def spoil(how: str) -> int:
    """Do that to the worker; returns its process id."""
    {**PUT_BACK, **REPLACED}[how]()
    return os.getpid()


@task(queue="default")
def look_around(text: str) -> dict[str, Any]:
    """Tell how the worker is, as far as a task is concerned; print and log a text."""
    print(f"printed {text}", flush=True)
    os.write(2, f"written {text}\n".encode())
    LOGGER.info("logged %s", text)
    with tempfile.TemporaryFile() as file:
        lowest = file.fileno()
    with socket.socket() as one:
        limit_s = one.gettimeout()
    if threading.current_thread() is threading.main_thread():  # in a pool only one greenlet is
        asyncio.get_event_loop()
    return {
        "folder": str(Path.cwd()),
        "temporary": tempfile.gettempdir(),
        "variables": sorted(os.environ.items()),
        "umask": os.umask(os.umask(0o022)) and 0,
        "lowest": lowest > 2,
        "socket": limit_s,
        "timers": [signal.getitimer(one)[0] for one in range(3)],
        "handlers": [str(signal.getsignal(one)).split(" at ")[0] for one in range(1, 32)],
        "mask": len(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
        "interpreter": [sys.getswitchinterval(), sys.getrecursionlimit(), gc.isenabled()],
        "trace": sys.gettrace() is None,
        "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "nice": os.nice(0),
        "locale": locale.setlocale(locale.LC_ALL),
        "precision": decimal.getcontext().prec,
        "stack": threading.stack_size(),
        "user": os.getuid(),
    }


@task(queue="default")
def own_pid() -> int:
    """Return the id of the worker's process."""
    return os.getpid()


def _fork() -> bool:
    return os.fork() == 0


def _fork_past_python() -> bool:
    """As a library written in C does it, of which Python hears nothing.

    PyDLL keeps the interpreter's lock. CDLL frees it, and in a copy that is made while another
    thread has it nobody ever gives it back: that copy would hang before its first line. A thread
    that waits for that lock wakes every switch interval, and for a moment holds what guards it,
    with the same end: so all of them wait for a minute while the copy is made.
    """
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(60)
    threading.Event().wait(20 * interval_s)
    try:
        return ctypes.PyDLL(None).fork() == 0
    finally:
        sys.setswitchinterval(interval_s)


@task(queue="default", retries=0)
def fork_and_come_back(how: str, file: str) -> str:
    """Fork, and let both sides return, raise or exit."""
    is_copy = _fork_past_python() if how == "past Python" else _fork()
    if not is_copy:
        _, status = os.wait()
        return f"{os.waitstatus_to_exitcode(status)}"
    with Path(file).open("a") as ledger:
        ledger.write(f"{os.getpid()}\n")
    if how == "raises":
        raise ValueError("in the copy")
    if how == "exits":
        sys.exit(3)
    return "copy"


@task(queue="default")
def grow(megabytes: int) -> int:
    """Keep that much memory."""
    _kept.append(bytearray(os.urandom(1024)) * (megabytes * 1024))
    return os.getpid()


@task(queue="default")
def run_loop() -> str:
    """Use asyncio as a program does that has the process for itself."""

    async def main() -> str:
        await asyncio.sleep(0.001)
        return current_task.id

    return asyncio.run(main())


@task(queue="default")
def leave_thread() -> int:
    """Leave a thread behind that does not end, and no file to open."""
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    _open_files()
    return os.getpid()


@task(queue="default")
def close_everything_when(go_on: str, file: str) -> int:
    """When that file is there, close everything."""
    mark = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(mark, b"begun\n")
    while not Path(go_on).exists():
        time.sleep(0.01)
    os.write(mark, b"done\n")
    _close_everything()
    return os.getpid()
