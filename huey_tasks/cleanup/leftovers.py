"""Ends what an attempt has started and left running, before the attempt is committed.

Everything below a forked worker belongs to the one attempt that it runs; in a pool of greenlets
each fork is noted for the attempt that made it. What runs before the first attempt, because a
start-up hook has started it, belongs to none and is kept. Why so: docs/adr/0016.
"""

import logging
import sys
import threading
from typing import Any

from huey_tasks.execution.attempt import Attempt, current_attempt
from huey_tasks.processes import offspring

logger = logging.getLogger(__name__)

#: Seconds in which multiprocessing may end its own pools and helpers before they are killed.
ORDERLY_S = 1.0

_ATTEMPT_MARK = "DUCKLINE_ATTEMPT"


class Leftovers:
    """The leftovers in a worker that has its process to itself."""

    def __init__(self) -> None:
        offspring.adopt_orphans()
        self._kept: set[int] = set()
        self._kept_pools: set[Any] = set()

    def keep_present(self) -> None:
        """Keep what runs now: it belongs to no attempt."""
        self._kept |= offspring.children()
        self._kept_pools |= set(_pools())

    def end(self, attempt: Attempt) -> None:
        """End what the attempt has left running; a microsecond or so if that is nothing."""
        if not self._may_have(attempt):
            return
        try:
            number = self._end(attempt)
        except Exception:  # a defect of ours must not change how the attempt ended
            logger.exception("what a task has started could not be ended")
            return
        if number:
            extra = {"task_id": attempt.claim.id, "processes": number}
            logger.info("what the task had started is ended with it", extra=extra)

    def _may_have(self, attempt: Attempt) -> bool:
        return offspring.is_parent()

    def _spares(self, attempt: Attempt, pid: int) -> bool:
        return pid in self._kept

    def _end(self, attempt: Attempt) -> int:
        pools = [pool for key, pool in _pools().items() if key not in self._kept_pools]
        helpers = [helper for helper in _helpers() if not self._spares(attempt, helper[0])]
        if pools:
            _in_time(pools)
        pids = {pid for pid, _ in helpers}
        number = offspring.end_below(
            lambda pid: pid in pids or self._spares(attempt, pid), term_s=offspring.TERM_S
        )
        if helpers:
            _in_time([stop for _, stop in helpers])
        _let_multiprocessing_collect()
        # Also helpers that did not stop in time.
        late = offspring.end_below(lambda pid: self._spares(attempt, pid))
        return number + late


class GreenletLeftovers(Leftovers):
    """The leftovers in a pool of greenlets, in which several attempts run at a time.

    A fork is noted for the attempt whose greenlet makes it. An orphan is known by the mark in its
    environment; one without a mark ends when no other attempt that has forked is left.
    """

    def __init__(self) -> None:
        super().__init__()
        self._started: dict[str, set[int]] = {}

    def forked(self, pid: int) -> None:
        """Called on both sides of each fork, with its result."""
        attempt = current_attempt.get()
        if attempt is None:
            return
        if pid == 0:
            offspring.mark(_ATTEMPT_MARK, attempt.claim.token)
        else:
            self._started.setdefault(attempt.claim.token, set()).add(pid)

    def _may_have(self, attempt: Attempt) -> bool:
        return attempt.claim.token in self._started

    def _end(self, attempt: Attempt) -> int:
        try:
            return super()._end(attempt)
        finally:
            del self._started[attempt.claim.token]

    def _spares(self, attempt: Attempt, pid: int) -> bool:
        token = attempt.claim.token
        if pid in self._started[token]:
            return False
        others = [pids for other, pids in self._started.items() if other != token]
        if pid in self._kept or any(pid in pids for pids in others):
            return True
        mark = offspring.mark_of(pid, _ATTEMPT_MARK)
        return bool(others) if mark is None else mark != token and mark in self._started


def _pools() -> dict[Any, Any]:
    """How each pool of multiprocessing ends itself: one that is killed starts its workers again."""
    util, pool = sys.modules.get("multiprocessing.util"), sys.modules.get("multiprocessing.pool")
    if util is None or pool is None:
        return {}
    ends = pool.Pool._terminate_pool.__func__
    registry: dict[Any, Any] = dict(util._finalizer_registry)
    # A pool that only its finalizer ends does not know, and takes work for ever.
    return {
        key: finalizer if (pool_of := finalizer._weakref()) is None else pool_of.terminate
        for key, finalizer in registry.items()
        if getattr(finalizer._callback, "__func__", None) is ends
    }


def _helpers() -> list[tuple[int, Any]]:
    """The helper processes of multiprocessing: their ids, and how each is stopped.

    Stopped by its own hand it starts them again when it needs them; killed, it would raise.
    """
    found: list[tuple[int, Any]] = []
    server = sys.modules.get("multiprocessing.forkserver")
    if server is not None and server._forkserver._forkserver_pid:
        found.append((server._forkserver._forkserver_pid, server._forkserver._stop))
    tracker = sys.modules.get("multiprocessing.resource_tracker")
    if tracker is not None and tracker._resource_tracker._pid:
        found.append((tracker._resource_tracker._pid, tracker._resource_tracker._stop))
    own = offspring.children() if found else set[int]()
    return [(pid, stop) for pid, stop in found if pid in own]


def _in_time(calls: list[Any]) -> None:
    """Make these calls, in a thread of their own: one that hangs must not hold up the worker."""

    def run() -> None:
        for call in calls:
            try:
                call()
            except Exception as error:
                logger.debug("multiprocessing could not end its own: %r", error)

    thread = threading.Thread(target=run, name="leftovers", daemon=True)
    thread.start()
    thread.join(ORDERLY_S)


def _let_multiprocessing_collect() -> None:
    """Let multiprocessing see which processes have ended, so that it signals none of them."""
    process = sys.modules.get("multiprocessing.process")
    if process is not None:
        process.active_children()
