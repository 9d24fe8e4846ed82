"""A task type that harms the worker it runs in, once, and then ends as if nothing had been.

A repeat of it, after a fault, does only its work.
"""

import ctypes
import logging
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NoReturn

import psutil

from huey_tasks import task
from tests.chaos.ledger import note
from tests.chaos.surroundings import MAX_MEMORY, oddities, this_is_a_copy

_LEDGER = os.environ["STORM_LEDGER"]
_kept: list[object] = []


@task(queue="default")
def storm_harm(key: str, kind: str, how: str) -> str:
    """Do that to the worker."""
    token = note(_LEDGER, "begin", key, os.getppid(), oddities())
    try:
        os.close(os.open(f"{_LEDGER}.{key}", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return note(_LEDGER, "end", key)
    note(_LEDGER, "harm", key, kind, how, os.getppid())
    if kind == "leave process":
        note(_LEDGER, "child", key, *_CHILDREN[how]())
    elif kind == "fork and return" and _FORKS[how]() == 0:
        this_is_a_copy()
        return token
    elif kind != "fork and return":
        _HARMS[how]()
    return note(_LEDGER, "end", key)


# ---- fork and return


def _fork_and_wait() -> int:
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
    return pid


_FORKS: dict[str, Callable[[], int]] = {
    "waiting": _fork_and_wait,
    "at once": os.fork,
    "past Python": lambda: ctypes.PyDLL(None).fork(),  # keeps the interpreter's lock
}

# ---- leave a process, or a thread


def _leave_program(*, session: bool) -> tuple[int, float]:
    child = subprocess.Popen(["sleep", "600"], start_new_session=session)
    _kept.append(child)
    return child.pid, psutil.Process(child.pid).create_time()


def _leave_fork() -> tuple[int, float]:
    pid = os.fork()
    if pid == 0:
        _sleep_on()
    return pid, psutil.Process(pid).create_time()


def _sleep_on() -> NoReturn:
    while True:
        time.sleep(600)


def _leave_in_thread() -> tuple[int, float]:
    found: list[tuple[int, float]] = []
    thread = threading.Thread(target=lambda: found.append(_leave_program(session=True)))
    thread.start()
    thread.join()
    return found[0]


_CHILDREN: dict[str, Callable[[], tuple[int, float]]] = {
    "a program": partial(_leave_program, session=False),
    "a program in its own session": partial(_leave_program, session=True),
    "a fork": _leave_fork,
    "a thread": _leave_in_thread,
}

# ---- what else there is


def _file_over(fd: int) -> None:
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), fd)


def _socket_over_output() -> None:
    """As happens when 1 and 2 are closed, and a connection then takes the lowest free number."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        try:
            is_socket = os.readlink(f"/proc/self/fd/{name}").startswith("socket:")  # noqa: PTH115
        except OSError:
            continue
        if is_socket:
            os.dup2(int(name), 1)
            os.dup2(int(name), 2)
            return


def _enter_and_remove_folder() -> None:
    os.chdir(folder := tempfile.mkdtemp())
    Path(folder).rmdir()


def _forget_signals() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, signal.SIG_DFL)


def _silence() -> None:
    logging.root.handlers.clear()
    logging.disable(logging.CRITICAL)


def _signal_consumer(signum: signal.Signals) -> None:
    os.kill(os.getppid(), signum)
    time.sleep(0.1)


_HARMS: dict[str, Callable[[], object]] = {
    "close 0 to 2": lambda: os.closerange(0, 3),
    "a file over 1": partial(_file_over, 1),
    "a socket over 1 and 2": _socket_over_output,
    "folder": _enter_and_remove_folder,
    "variables": os.environ.clear,
    "timer": lambda: signal.setitimer(signal.ITIMER_REAL, 1.0, 1.0),
    "signals": _forget_signals,
    "loggers": _silence,
    "umask": lambda: os.umask(0o777),
    "exit": lambda: os._exit(3),
    "memory": lambda: _kept.append(b"x" * MAX_MEMORY),
    "SIGKILL": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "consumer SIGKILL": partial(_signal_consumer, signal.SIGKILL),
    "consumer SIGTERM": partial(_signal_consumer, signal.SIGTERM),
}
