"""Stops one running attempt, and nothing else: asks, asks again, and at last kills its process.

The attempt is named by its token from the first to the last step. Before a kill its process is
frozen and its cell is read once more, so that a worker that has just moved on survives.
"""

import logging
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass

from huey_tasks.consumer.worker_processes import Child, freeze, kill_group
from huey_tasks.execution.worker_table import Cell, Phase, StopReason
from huey_tasks.processes.offspring import send

logger = logging.getLogger(__name__)


@dataclass
class _Stop:
    token: str
    deadline: float  # by time.monotonic()
    killed: bool = False


class Interrupts:
    """The stops under way in one consumer, at most one a cell."""

    def __init__(self, grace_s: float) -> None:
        self._grace_s = grace_s
        self._stops: dict[int, _Stop] = {}

    def __bool__(self) -> bool:
        return bool(self._stops)

    def stop(self, child: Child, cell: Cell, token: str, reason: StopReason) -> None:
        """Ask for the end of the attempt with this token; asking twice changes nothing."""
        known = self._stops.get(cell.index)
        if known is not None and known.token == token:
            return
        self._stops[cell.index] = _Stop(token, time.monotonic() + self._grace_s)
        cell.request_stop(token, reason)
        send(child.pid, signal.SIGUSR1)

    def forget(self, cell: Cell, token: str) -> bool:
        """Drop the stop of a worker that died; returns whether it was meant for this attempt."""
        stop = self._stops.pop(cell.index, None)
        return stop is not None and stop.token == token

    def enforce(self, cells: Iterable[tuple[Child, Cell]], *, may_kill: bool) -> None:
        """Ask again those that still run; after the grace kill their process, if `may_kill`."""
        now = time.monotonic()
        for child, cell in cells:
            stop, held = self._stops.get(cell.index), cell.held()
            if stop is None or held is None or held.token != stop.token:
                self._stops.pop(cell.index, None)
            elif held.phase is Phase.ENDED:
                continue  # it is being committed
            elif now < stop.deadline:
                send(child.pid, signal.SIGUSR1)
            elif may_kill and not stop.killed:
                stop.killed = self._kill(child, cell, stop.token)

    def _kill(self, child: Child, cell: Cell, token: str) -> bool:
        freeze(child.pid)
        held = cell.held()
        if held is not None and held.token == token and held.phase is not Phase.ENDED:
            logger.warning(
                "task did not stop, its worker is killed", extra={"task_id": held.task_id}
            )
            kill_group(child.pid)
            return True
        send(child.pid, signal.SIGCONT)  # though it was not seen to stop: it may stop later
        return False
