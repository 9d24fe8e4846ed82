"""Starts and replaces the workers of one consumer; releases what a dead one held.

Does not know chores and stop signals, which are the supervisor's.
"""

import logging
import time
from collections.abc import Callable, Iterable
from signal import Signals
from typing import NamedTuple

from huey_tasks.broker.protocol import FUNCTIONS, only_of
from huey_tasks.cleanup.worker_state import Limits
from huey_tasks.consumer.interrupts import Interrupts
from huey_tasks.consumer.worker_processes import (
    Child,
    ForkedWorker,
    GreenletPool,
    has_exited,
    kill_group,
)
from huey_tasks.errors import QueueUnavailable
from huey_tasks.execution.worker_table import Cell, Retirement, WorkerTable
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.processes import offspring
from huey_tasks.processes.deaths import Deaths
from huey_tasks.processes.offspring import send

logger = logging.getLogger(__name__)

#: Seconds. A worker that died sooner after its start is started again only after a pause.
RESPAWN_PAUSE_S = 1.0

#: Seconds, at most, between two tries while the system starts no process; they begin with the above
#: and double. Python leaves four descriptors open at each.
LONGEST_PAUSE_S = 60.0

#: A shared death (of a consumer, a pool, a machine) counts this much less than a crash of its own.
LOSSES_PER_CRASH = 10


class _Dead(NamedTuple):
    """How a worker died, for its release: what it had begun, and the token that is to blame."""

    task_id: str
    token: str
    blamed: str
    how: str
    shared: bool  # several ran in the process that died, and any of them may have killed it
    killed_by_us: bool  # because its task did not stop


class WorkerPool:
    """The worker processes, by their sentinels, and those to be started soon."""

    def __init__(
        self,
        queue: TaskQueue,
        consumer: str,
        table: WorkerTable,
        interrupts: Interrupts,
        *,
        worker_type: str,
        max_crashes: int,
        limits: Limits,
        beside: Callable[[], set[int]],
    ) -> None:
        """`beside`: the processes of this consumer that are no workers, and not started by any."""
        self._queue, self._consumer, self._table = queue, consumer, table
        self._interrupts = interrupts
        self._worker_type, self._max_crashes = worker_type, max_crashes
        self._limits, self._beside = limits, beside
        self._children: dict[int, Child] = {}
        self._deaths = Deaths()
        self._kept = set[int]()
        self._respawns: list[tuple[float, Cell | None]] = []
        #: By the index of their cells, the dead whose tasks Redis has not released yet.
        self._dead: dict[int, _Dead] = {}
        self._refusals = 0  # of the system to start a process, in turn
        #: Whether the dead are replaced; not any more once the consumer stops.
        self.replacing = True

    def __bool__(self) -> bool:
        return bool(self._children)

    def start(self) -> None:
        """Start all workers."""
        offspring.adopt_orphans()
        self._kept = offspring.children()  # the program that became this consumer started them
        if self._worker_type == "greenlet":
            self._start(None)
            return
        for cell in self._table.cells:
            self._start(cell)

    def sentinels(self) -> list[int]:
        """What to wait on: each becomes readable when its process is gone."""
        return list(self._children)

    def cells(self) -> list[tuple[Child, Cell]]:
        """Every worker, with the process that it is in."""
        return [(child, cell) for child in self._children.values() for cell in child.cells]

    def next_start(self) -> float:
        """When a worker is to be started again, by time.monotonic()."""
        return min((at for at, _ in self._respawns), default=float("inf"))

    def signal(self, signum: Signals) -> None:
        """Signal every process."""
        for child in self._children.values():
            send(child.pid, signum)

    def kill(self) -> None:
        """Kill every process, and whatever each has started."""
        for child in self._children.values():
            kill_group(child.pid)

    def replace_dead(self, ready: Iterable[object]) -> None:
        """Release what dead workers held, at once, and start others in their place."""
        gone = [s for s, child in self._children.items() if has_exited(child, s in ready)]
        for sentinel in gone:
            self._replace(self._children.pop(sentinel))
        now = time.monotonic()
        due = [cell for at, cell in self._respawns if at <= now]
        self._respawns = [(at, cell) for at, cell in self._respawns if at > now]
        for cell in due:
            if not self._has_released(cell):  # a release is by the name, which the next has too
                self._respawns.append((time.monotonic() + RESPAWN_PAUSE_S, cell))
            elif self.replacing:
                self._start(cell)

    def _has_released(self, cell: Cell | None) -> bool:
        """Release what the last worker of a cell, or of all, held; False while Redis is away."""
        cells = self._table.cells if cell is None else (cell,)
        dead = [(each, self._dead[each.index]) for each in cells if each.index in self._dead]
        return all(self._release(each, how) for each, how in dead)

    def _start(self, cell: Cell | None) -> None:
        child: Child
        try:
            if cell is None:
                child = GreenletPool(self._queue, self._consumer, self._table)
            else:
                child = ForkedWorker(self._queue, self._name(cell), cell, self._limits)
        except OSError as error:  # a limit of processes or memory: the other workers go on
            self._start_later(cell, error)
            return
        self._refusals = 0
        self._children[child.sentinel] = child

    def _start_later(self, cell: Cell | None, error: OSError) -> None:
        if not self._refusals:
            logger.warning("a worker could not be started and is so later: %s", error)
        pause = min(RESPAWN_PAUSE_S * 2**self._refusals, LONGEST_PAUSE_S)
        self._refusals = min(self._refusals + 1, 10)
        self._respawns.append((time.monotonic() + pause, cell))

    def _name(self, cell: Cell) -> str:
        return f"{self._consumer}/{cell.index + 1}"

    def _replace(self, child: Child) -> None:
        kill_group(child.pid)  # what it has started itself ends with it
        how = self._deaths.describe(child.wait())
        # Of the living each keeps its orphans itself, so whatever else is ours was the dead one's.
        spared = {other.pid for other in self._children.values()} | self._beside() | self._kept
        if number := offspring.end_below(spared.__contains__):
            logger.info("what a worker had started is ended with it", extra={"processes": number})
        shared = sum(cell.held() is not None for cell in child.cells) > 1
        shared = shared or only_of(self._consumer) == FUNCTIONS  # whose code has its own process
        killed_by_us = [self._bury(cell, how, shared=shared) for cell in child.cells]
        retirements = [r for cell in child.cells if (r := cell.take_retirement()) is not None]
        if not self.replacing:
            return
        now = time.monotonic()
        pause = 0.0 if now - child.started_at > RESPAWN_PAUSE_S else RESPAWN_PAUSE_S / 10
        if retirements:  # it has done at least one task, so this is no loop of starts
            _log_why(retirements[0], child.pid)
            pause = 0.0
        elif any(killed_by_us):
            logger.info("worker was killed with its task and is replaced", extra={"pid": child.pid})
        else:
            logger.warning("worker died and is replaced", extra={"pid": child.pid, "how": how})
        cell = None if self._worker_type == "greenlet" else child.cells[0]
        self._respawns.append((now + pause, cell))

    def _bury(self, cell: Cell, how: str, *, shared: bool) -> bool:
        """Release what a dead worker held, now or as soon as Redis answers.

        Returns whether it was killed because its task did not stop.
        """
        held = cell.held()
        cell.clear()
        cell.wait_for_redis("")
        killed_by_us = held is not None and self._interrupts.forget(cell, held.token)
        task_id, token = ("", "") if held is None else (held.task_id, held.token)
        blamed = token if not killed_by_us and self.replacing else ""
        self._dead[cell.index] = _Dead(task_id, token, blamed, how, shared, killed_by_us)
        if not self._release(cell, self._dead[cell.index]):
            # Who has begun none holds none, or some in a batch: that Redis is away is said already.
            log = logger.debug if held is None else logger.warning
            log("what a dead worker held is released when Redis answers", extra={"how": how})
        return killed_by_us

    def _release(self, cell: Cell, dead: _Dead) -> bool:
        """Release the task that it had begun, and those that it had claimed and not begun.

        The one that it had begun is to blame, whatever of it ran: the next may die of it too.
        Returns whether Redis has done so.
        """
        scripts, queue = self._queue.broker.scripts, self._queue.name
        try:
            if dead.killed_by_us:
                scripts.stopped(queue, dead.task_id, dead.token)
            released = scripts.release(
                queue,
                self._name(cell),
                kind="losses" if dead.shared else "crashes",
                blamed=dead.blamed,
                limit=self._max_crashes * (LOSSES_PER_CRASH if dead.shared else 1),
                how=dead.how,
            )
        except QueueUnavailable as error:
            logger.debug("a release waits for Redis: %s", error.cause)
            return False
        del self._dead[cell.index]
        for task_id, state in released:
            self._say_released(task_id, state, dead)
        return True

    def _say_released(self, task_id: str, state: str, dead: _Dead) -> None:
        extra = {"task_id": task_id, "state": state}
        if not self.replacing:
            logger.info("task released, its consumer stops", extra=extra)
        elif dead.killed_by_us:  # it had claimed this one as well
            logger.info("task released, its worker was killed with another", extra=extra)
        else:
            extra["how"] = dead.how
            logger.warning("worker died, its task is released", extra=extra)
        if state == "FAILURE":
            self._queue.report_failure(task_id)


def _log_why(retirement: Retirement, pid: int) -> None:
    """The one line about a worker that ends by itself, which may not be able to write one."""
    extra = {"task_type": retirement.task_type, "task_id": retirement.task_id}
    level = logging.WARNING if retirement.spoilt else logging.INFO
    logger.log(level, "worker is replaced", extra=extra | {"why": retirement.why, "pid": pid})
