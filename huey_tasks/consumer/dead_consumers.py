"""Consumers on this machine that died without a goodbye, and what becomes of their tasks.

A lost consumer's tasks come back when their leases end. One that ran here, in the same world of
process ids, can be seen to be dead at once, and its tasks need not wait. Linux only; elsewhere
leases are enough.
"""

import functools
import logging
import os
from pathlib import Path
from typing import Any

from huey_tasks.broker.protocol import runs_alone
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.processes import offspring
from huey_tasks.records import consumers

logger = logging.getLogger(__name__)


@functools.cache
def world() -> str | None:
    """What tells apart machines, boots and containers; None where process ids cannot be told so."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return None


def birth(pid: int) -> str | None:
    """When a process was started, in ticks since the boot; None when there is no such process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def identity() -> dict[str, Any]:
    """What a consumer says of itself so that others can see whether it lives."""
    return {"world": world(), "birth": birth(os.getpid())}


def give_back_of_the_dead(queue: TaskQueue, max_crashes: int, max_losses: int) -> None:
    """Take back at once what dead consumers of this machine held.

    What ran alone is to blame; of tasks that ran together nobody knows which was.
    """
    broker = queue.broker
    for consumer, told in consumers.known(broker):
        if told.get("world") != world() or world() is None or birth(told["pid"]) == told["birth"]:
            continue
        released = broker.scripts.release(
            queue.name,
            consumer,
            kind="crashes" if runs_alone(consumer) else "losses",
            blamed="*",
            limit=max_crashes if runs_alone(consumer) else max_losses,
            ttl_ms=broker.ttl_ms,
        )
        pids = {int(worker["pid"]) for worker in told.get("workers", ())}
        number = offspring.end_of_lost_consumer(consumer, pids)
        broker.scripts.leave(queue.name, consumer)
        logger.warning(
            "consumer died, its tasks are given back",
            extra={"consumer": consumer, "tasks": len(released), "processes": number},
        )
        for task_id, state in released:
            if state == "FAILURE":
                queue.report_failure(task_id)
