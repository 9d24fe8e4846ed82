"""What processes use of the machine: memory and CPU. Measured seldom, because it is costly.

To add up the pages that a process shares with others, the kernel walks through all of its memory:
most of a millisecond for each process.
"""

import time
from collections.abc import Iterable
from typing import NamedTuple

import psutil

#: Seconds between two measurements; a figure is no older, but for the memory of an idle process.
LOOK_EVERY_S = 10.0

#: A process that has used less of a core than this, %, has the memory that it had.
IDLE_PERCENT = 1.0
#: How often in a row its memory is taken for unchanged: pages of others may be shared no more.
IDLE_LOOKS = 5


class Usage(NamedTuple):
    """What a process uses; None where that is not known.

    Bytes are its share of memory (PSS): pages that several processes share are divided among them,
    so a sum over processes counts none twice. Where there is no PSS, it is all that is resident.
    `cpu_percent` is of one core, since the look before.
    """

    memory_bytes: int | None = None
    cpu_percent: float | None = None


class Meter:
    """Knows some processes of this user, and what they used at the last look."""

    def __init__(self, look_every_s: float = LOOK_EVERY_S) -> None:
        self._look_every_s = look_every_s
        self._next_look = 0.0
        self._processes: dict[int, psutil.Process] = {}
        self._usage: dict[int, Usage] = {}
        self._idle = dict[int, tuple[int, int]]()  # its memory, and for how many looks it is known

    def read(self, pids: Iterable[int]) -> dict[int, Usage]:
        """What each of these processes uses; looks if it is time, and at those that are new."""
        wanted = set(pids)
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + self._look_every_s
            self._usage = {}
        for pid in wanted - self._usage.keys():
            self._usage[pid] = self._look(pid)
        for pid in self._processes.keys() - wanted:
            self._forget(pid)
        return {pid: self._usage[pid] for pid in wanted}

    def _look(self, pid: int) -> Usage:
        known = self._processes.get(pid)
        try:
            process = known or psutil.Process(pid)
            self._processes[pid] = process
            cpu_percent = process.cpu_percent()  # since the last call; the first one says nothing
            is_idle = known is not None and cpu_percent < IDLE_PERCENT
            return Usage(self._memory(process, is_idle), cpu_percent if known else None)
        except (psutil.Error, OSError, ValueError):  # it has just died, or is not ours to see
            self._forget(pid)
            return Usage()

    def _memory(self, process: psutil.Process, is_idle: bool) -> int:
        memory_bytes, looks = self._idle.get(process.pid, (0, IDLE_LOOKS))
        if not is_idle or looks >= IDLE_LOOKS:
            memory_bytes, looks = _memory_bytes(process), 0
        self._idle[process.pid] = (memory_bytes, looks + 1)
        return memory_bytes

    def _forget(self, pid: int) -> None:
        self._processes.pop(pid, None)
        self._idle.pop(pid, None)


def _memory_bytes(process: psutil.Process) -> int:
    try:
        share = getattr(process.memory_full_info(), "pss", 0)
    except psutil.AccessDenied:
        share = 0
    return share or process.memory_info().rss
