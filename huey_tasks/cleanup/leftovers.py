"""Ends what an attempt has started and left running, before the attempt is committed.

Everything below a forked worker belongs to the one attempt that it runs; in a pool of greenlets
each fork is noted for the attempt that made it. What runs before the first attempt, because a
start-up hook has started it, belongs to none and is kept. Why so: docs/adr/0016.
"""

import logging
import threading
from typing import Any

from huey_tasks.execution.attempt import Attempt, current_attempt
from huey_tasks.processes import of_multiprocessing, offspring

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
        self._kept_pools |= set(of_multiprocessing.pools())

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
        pools = [
            pool for key, pool in of_multiprocessing.pools().items() if key not in self._kept_pools
        ]
        helpers = [
            helper
            for helper in of_multiprocessing.helpers()
            if not self._spares(attempt, helper[0])
        ]
        if pools:
            _in_time(pools)
        pids = {pid for pid, _ in helpers}
        number = offspring.end_below(
            lambda pid: pid in pids or self._spares(attempt, pid), term_s=offspring.TERM_S
        )
        stopping = _in_time([stop for _, stop in helpers]) if helpers else None
        of_multiprocessing.collect()
        # Also helpers that did not stop in time.
        late = offspring.end_below(lambda pid: self._spares(attempt, pid))
        if stopping is not None:
            stopping.join(ORDERLY_S)  # what it waited for has ended now
            of_multiprocessing.forget(pids)
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


def _in_time(calls: list[Any]) -> threading.Thread:
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
    return thread
