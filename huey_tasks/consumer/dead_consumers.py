"""Releases the tasks of consumers that died on this machine without deregistering.

The tasks of a lost consumer are recovered when their leases end. The death of one that ran here,
in the same namespace of process ids, shows at once, and its tasks need not wait. Linux only;
elsewhere leases are enough.
"""

import functools
import logging
import os
from pathlib import Path
from typing import Any

from huey_tasks.broker.protocol import ALONE, only_of
from huey_tasks.consumer.worker_pool import LOSSES_PER_CRASH
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.processes import offspring
from huey_tasks.records import consumers

logger = logging.getLogger(__name__)

#: Seconds between two looks, while there are other consumers.
LOOK_S = 0.5


@functools.cache
def world() -> str | None:
    """Return the name of this boot and pid namespace; None where the system has neither."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return None


@functools.cache
def _own_birth(pid: int) -> str | None:
    """Return the start of this process in ticks since the boot; None where /proc says nothing."""
    try:
        return _stat(pid)[19]
    except OSError:
        return None


def _stat(pid: int) -> list[str]:
    """Return what /proc says of a process from its state on. Raises OSError."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def is_dead(pid: int, birth: str | None) -> bool:
    """Whether the process of that id and start has ended, for sure.

    One that cannot be looked at, because this process has no descriptor left or may not, may live.
    """
    try:
        fields = _stat(pid)
    except OSError:
        return not _exists(pid)
    return fields[0] in "ZX" or (birth is not None and fields[19] != birth)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True


def identity() -> dict[str, Any]:
    """Return what a consumer stores so that others can check whether it lives."""
    return {"world": world(), "birth": _own_birth(os.getpid())}


class Neighbours:
    """The other consumers of a queue, of which some may have died on this machine."""

    def __init__(self, queue: TaskQueue, max_crashes: int) -> None:
        self._queue, self._max_crashes = queue, max_crashes
        #: How many there are: each heartbeat says it.
        self.number = 0

    def release_tasks(self) -> float | None:
        """Release what dead ones held; returns the seconds until the next look, if there are any.

        Raises QueueUnavailable.
        """
        if not self.number:
            return None
        most = self._max_crashes
        release_tasks(self._queue, most, most * LOSSES_PER_CRASH)
        return LOOK_S


def release_tasks(queue: TaskQueue, max_crashes: int, max_losses: int) -> None:
    """Release at once what dead consumers of this machine held.

    A task that ran alone is to blame. Of tasks that ran together, any may have been.
    """
    broker = queue.broker
    for consumer, info in consumers.known(broker):
        is_here = world() is not None and info.get("world") == world()
        if not is_here or not is_dead(info["pid"], info["birth"]):
            continue
        released = broker.scripts.release(
            queue.name,
            consumer,
            kind="crashes" if only_of(consumer) == ALONE else "losses",
            blamed="*",
            limit=max_crashes if only_of(consumer) == ALONE else max_losses,
        )
        pids = {int(worker["pid"]) for worker in info.get("workers", ())}
        number = offspring.end_of_lost_consumer(consumer, pids)
        broker.scripts.leave(queue.name, consumer)
        logger.warning(
            "consumer died, its tasks are released",
            extra={"consumer": consumer, "tasks": len(released), "processes": number},
        )
        for task_id, state in released:
            if state == "FAILURE":
                queue.report_failure(task_id)
