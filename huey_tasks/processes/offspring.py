"""The processes that a process has started, directly or not: found, and ended.

A process that adopts is the parent of every orphan below it, so that it finds all that a task
has started, daemons in a session of their own included. Linux only: elsewhere
nothing is adopted and nothing is found. Knows nothing of tasks.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import NamedTuple

#: Seconds that a process has after SIGTERM; and in which all must be gone after SIGKILL.
TERM_S, KILL_S = 0.3, 2.0
#: Seconds that a process may take to end after its SIGKILL.
DYING_S = 0.5

#: Marks what a worker has started: the name of its consumer, in its environment.
CONSUMER_MARK = "DUCKLINE_CONSUMER"

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_P_ALL, _ANY_CHILD = 0, getattr(os, "WEXITED", 0) | os.WNOHANG | getattr(os, "WNOWAIT", 0)
_LINUX = sys.platform == "linux"
# It keeps the interpreter: a call that never blocks is faster so.
_libc = ctypes.PyDLL(None) if _LINUX else None
_waitid = _libc.waitid if _libc is not None else None


class Running(NamedTuple):
    """A process as /proc has it; `state` is one letter, Z for one that is only to be collected."""

    pid: int
    parent: int
    group: int
    state: str


def adopt_orphans() -> None:
    """Become the parent of every process below this one whose own parent ends."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with(parent: int) -> None:
    """End this process when its supervisor dies, however it dies (Linux; elsewhere on its own)."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def is_parent() -> bool:
    """Whether this process has any child, an exited one included; about a microsecond."""
    return _waitid is not None and _waitid(_P_ALL, 0, None, _ANY_CHILD) == 0


def processes() -> list[Running]:
    """Every process that can be seen."""
    found: list[Running] = []
    for name in os.listdir("/proc") if _LINUX else ():  # noqa: PTH208
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb", 0) as file:  # noqa: PTH123
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            found.append(Running(int(name), int(fields[1]), int(fields[2]), fields[0].decode()))
    return found


def children() -> set[int]:
    """The processes whose parent this one is."""
    return {one.pid for one in processes() if one.parent == os.getpid()} if is_parent() else set()


def below(spares: Callable[[int], bool]) -> list[Running]:
    """What runs below this process, without the children that are spared and what is below them."""
    by_parent: dict[int, list[Running]] = {}
    for one in processes():
        by_parent.setdefault(one.parent, []).append(one)
    found = [one for one in by_parent.get(os.getpid(), []) if not spares(one.pid)]
    for one in found:  # the list grows during the loop
        found.extend(by_parent.get(one.pid, []))
    return found


def end_below(spares: Callable[[int], bool], *, term_s: float = 0.0) -> int:
    """End what runs below this process and is not spared; returns how many processes that were.

    With `term_s` each gets a SIGTERM first, and that many seconds. What does not go within KILL_S
    after SIGKILL (the kernel holds it) is left.
    """
    ended: set[int] = set()
    begun = time.monotonic()
    while True:
        now_s = time.monotonic() - begun
        found = below(spares)
        alive = [one.pid for one in found if one.state not in "ZX"]
        if not alive or now_s > term_s + KILL_S:
            collect(one.pid for one in found if one.state == "Z" and one.parent == os.getpid())
            return len(ended)
        for pid in alive:
            if now_s >= term_s:
                send(pid, signal.SIGKILL)
            elif pid not in ended:
                send(pid, signal.SIGTERM)
        ended.update(alive)
        time.sleep(0.005)


def collect(pids: Iterable[int]) -> None:
    """Collect exited children, so that no zombie is left."""
    for pid in pids:
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:  # the code that started it has collected it
            continue


def mark_of(pid: int, name: str) -> str | None:
    """Return a variable of the environment with which a process was started; None without one."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return None
    start = f"{name}=".encode()
    found = next((part for part in environment.split(b"\0") if part.startswith(start)), None)
    return None if found is None else found.removeprefix(start).decode("utf-8", "replace")


def mark(name: str, value: str) -> None:
    """Set this in the environment of every program that is executed from here."""
    os.environ[name] = value


def end_of_lost_consumer(consumer: str, workers: Collection[int]) -> int:
    """End what the workers of a consumer had started that was killed on this machine.

    They are known by their process group, which has the id of the worker, or by their mark. A group
    whose leader goes on running is another's: the id is in use again.
    """
    groups = set(workers) - _running_after_a_kill(workers) - {0}
    left = [
        one.pid
        for one in processes()
        if one.state not in "ZX"
        and (one.group in groups or mark_of(one.pid, CONSUMER_MARK) == consumer)
    ]
    for pid in left:
        send(pid, signal.SIGKILL)
    return len(left)


def _running_after_a_kill(pids: Collection[int]) -> set[int]:
    """Return those that still run after DYING_S; the kernel kills a worker with its consumer.

    A zombie has ended, although its id is taken until its new parent collects it.
    """
    deadline = time.monotonic() + DYING_S
    while True:
        alive = {one.pid for one in processes() if one.pid in pids and one.state not in "ZX"}
        if not alive or time.monotonic() > deadline:
            return alive
        time.sleep(0.005)


def send(pid: int, signum: signal.Signals) -> None:
    """Signal a process that may just have gone."""
    try:
        os.kill(pid, signum)
    except (ProcessLookupError, PermissionError):  # gone, or become another user's
        return
