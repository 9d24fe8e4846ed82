"""What a task can change in its process that the next task would meet, and how to restore it.

Each trait is read when the worker begins, and compared after attempts. One that differs is
restored; one that still differs has spoilt the process. What is used up cannot be restored.
"""

import _signal  # pyright: ignore[reportMissingImports] - without the names that `signal` looks up
import asyncio
import contextlib
import decimal
import faulthandler
import gc
import locale
import logging
import os
import resource
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from huey_tasks.cleanup.loggers import Loggers
from huey_tasks.processes.descriptors import StandardDescriptors
from huey_tasks.settings import environment

#: Worth comparing: what a task may replace in a module and forget there.
_ATTRIBUTES: tuple[tuple[Any, str], ...] = (
    (sys, "stdin"),
    (sys, "stdout"),
    (sys, "stderr"),
    (sys, "excepthook"),
    (threading, "excepthook"),
)

_RESOURCES = {getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")}
#: As plain numbers, which take a tenth of the time of the names that they have.
_NEVER_HANDLED = (signal.SIGKILL, signal.SIGSTOP)
_SIGNALS = [one for one in range(1, 32) if one in signal.valid_signals() - set(_NEVER_HANDLED)]
#: Those that a pool of greenlets is steered by; Python does not know what handles them.
_SIGNALS_OF_POOL = [int(one) for one in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)]
_TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)


def _leave_as_it_is(value: Any) -> None:
    """Do nothing: it cannot be restored, so the worker is replaced."""


class Trait(NamedTuple):
    """One thing that a task can change: its name, how to read and how to restore it.

    `read` must give equal values as long as nothing has changed; `write` gets the first of them.
    Either may raise OSError or ValueError.
    """

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], object] = _leave_as_it_is
    #: Whether the log says that it was restored.
    notable: bool = True

    @property
    def stays_changed(self) -> bool:
        """Whether it cannot be restored."""
        return self.write is _leave_as_it_is


def of_process(*, is_pool: bool) -> list[Trait]:
    """The traits of this process, which has one worker or is a pool of greenlets."""
    descriptors, loggers = StandardDescriptors(_descriptors_of_logs()), Loggers()
    if is_pool:
        signals = Trait("signal handlers", lambda: _handlers(_SIGNALS_OF_POOL))
    else:
        signals = Trait("signal handlers", lambda: _handlers(_SIGNALS), _set_handlers)
    return [
        Trait("descriptors", descriptors.read, descriptors.restore),
        Trait("loggers", loggers.read, loggers.restore),
        Trait("standard streams", _attributes, _set_attributes),
        Trait("closed streams", _closed_streams),
        Trait("timers", _timers, _set_timers),
        Trait("signal mask", _signal_mask, _set_signal_mask),
        signals,
        Trait("working folder", _folder, os.chdir),
        Trait("root folder", _root),
        Trait("temporary folder", _temporary_folder, _set_temporary_folder),
        Trait("umask", _umask, os.umask),
        Trait("environment", environment.variables, _set_environment),
        Trait("user", _user),
        Trait("process group", os.getpgrp, partial(os.setpgid, 0)),
        Trait("priority", _priority, _set_priority),
        Trait("limits", _resources, _set_resources),
        Trait("interpreter", _interpreter, _set_interpreter),
        Trait("locale", lambda: locale.setlocale(locale.LC_ALL), _set_locale),
        _decimals(decimal.getcontext()),
        Trait("event loop", _event_loop, _set_event_loop, notable=False),
    ]


def _descriptors_of_logs() -> list[int]:
    """Where the handlers of the root logger write to."""
    streams: list[Any] = [getattr(one, "stream", None) for one in logging.root.handlers]
    found: list[int] = []
    for stream in streams:
        with contextlib.suppress(OSError, ValueError, AttributeError):  # it has none
            found.append(stream.fileno())
    return found


def _attributes() -> list[Any]:
    return [getattr(module, name, None) for module, name in _ATTRIBUTES]


def _set_attributes(known: list[Any]) -> None:
    for (module, name), value in zip(_ATTRIBUTES, known, strict=True):
        setattr(module, name, value)


def _closed_streams() -> list[bool]:
    return [stream is not None and stream.closed for stream in (sys.stdout, sys.stderr)]


def _timers() -> list[bool]:
    """Whether a timer runs; it has no value that would be the same twice."""
    faulthandler.cancel_dump_traceback_later()  # says not whether there was one
    return [signal.getitimer(timer)[0] > 0 for timer in _TIMERS]


def _set_timers(known: list[bool]) -> None:
    for timer in _TIMERS:
        signal.setitimer(timer, 0)


def _signal_mask() -> set[Any]:
    return signal.pthread_sigmask(signal.SIG_BLOCK, ())


def _set_signal_mask(known: set[Any]) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, known)


def _handlers(signums: list[int]) -> dict[int, Any]:
    return {signum: _signal.getsignal(signum) for signum in signums}


def _set_handlers(known: dict[int, Any]) -> None:
    signal.set_wakeup_fd(-1)
    for signum, handler in known.items():
        if handler is not None and _signal.getsignal(signum) != handler:
            signal.signal(signum, handler)


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - a seventh of the time
    except OSError:
        return ""  # it has been removed


def _root() -> tuple[int, int]:
    found = os.stat("/")  # noqa: PTH116 - a quarter of the time
    return found.st_dev, found.st_ino


def _temporary_folder() -> str:
    """The folder for temporary files, if it is gone. Which one it is, is found at its first use."""
    folder = tempfile.tempdir
    return "" if folder is None or Path(folder).is_dir() else str(folder)


def _set_temporary_folder(known: str) -> None:
    tempfile.tempdir = None


def _umask() -> int:
    """It can only be read by being set."""
    found = os.umask(0o077)
    os.umask(found)
    return found


def _set_environment(known: Any) -> None:
    environment.put_back(known)
    time.tzset()


def _user() -> tuple[Any, ...]:
    if not hasattr(os, "getresuid"):
        return os.getuid(), os.geteuid(), os.getgid(), os.getegid()
    return os.getresuid(), os.getresgid(), os.getgroups()


def _priority() -> tuple[Any, ...]:
    processors = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    return os.getpriority(os.PRIO_PROCESS, 0), processors


def _set_priority(known: tuple[int, set[int] | None]) -> None:
    if known[1] is not None:
        os.sched_setaffinity(0, known[1])
    os.setpriority(os.PRIO_PROCESS, 0, known[0])


def _resources() -> dict[int, tuple[int, int]]:
    return {one: resource.getrlimit(one) for one in _RESOURCES}


def _set_resources(known: dict[int, tuple[int, int]]) -> None:
    for one, limits in known.items():
        if resource.getrlimit(one) != limits:
            resource.setrlimit(one, limits)


def _interpreter() -> tuple[Any, ...]:
    return (
        round(sys.getswitchinterval(), 6),
        sys.getrecursionlimit(),
        sys.gettrace(),
        sys.getprofile(),
        gc.isenabled(),
        gc.get_threshold(),
        socket.getdefaulttimeout(),
        threading.stack_size(),
    )


def _set_interpreter(known: tuple[Any, ...]) -> None:
    switch_s, recursion, trace, profile, collects, threshold, timeout_s, stack_size = known
    sys.setswitchinterval(switch_s)
    sys.setrecursionlimit(recursion)
    sys.settrace(trace)
    sys.setprofile(profile)
    (gc.enable if collects else gc.disable)()
    gc.set_threshold(*threshold)
    socket.setdefaulttimeout(timeout_s)
    threading.stack_size(stack_size)


def _decimals(context: decimal.Context) -> Trait:
    """How decimals are computed; each attempt has this context, unless it takes another."""
    names = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")

    def read() -> tuple[Any, ...]:
        return (*(getattr(context, name) for name in names), dict(context.traps))

    def write(known: tuple[Any, ...]) -> None:
        for name, value in zip(names, known, strict=False):
            setattr(context, name, value)
        context.traps = known[-1]

    return Trait("decimals", read, write)


def _set_locale(known: str) -> None:
    with contextlib.suppress(locale.Error):  # it still differs, so the worker is replaced
        locale.setlocale(locale.LC_ALL, known)


def _event_loop() -> tuple[Any, bool]:
    """The kind of policy, if it is not the usual one, and whether it has no loop to hand out.

    `asyncio.run` leaves none, and who closes the loop leaves a closed one: `get_event_loop` would
    fail in the next task, as it does not in a fresh process.
    """
    policy: Any = getattr(asyncio.events, "_event_loop_policy", None)
    own = getattr(policy, "_local", None)
    loop = getattr(own, "_loop", None)
    useless = loop.is_closed() if loop is not None else getattr(own, "_set_called", False)
    usual = policy is None or type(policy) is asyncio.DefaultEventLoopPolicy
    return None if usual else type(policy), useless


def _set_event_loop(known: tuple[Any, bool]) -> None:
    kind = known[0]
    policy: Any = None if kind is None else kind()
    asyncio.set_event_loop_policy(policy)  # pyright: ignore[reportDeprecated]
