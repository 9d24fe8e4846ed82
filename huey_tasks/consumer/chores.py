"""The chores that a supervisor repeats, and their pause while Redis is away.

A chore that fails never ends the others, nor keeps those behind it waiting: it may have asked the
result backend alone. Whether Redis is away the heartbeat finds out. While it is they wait together;
when it is back they all start again, in their order, so that leases are renewed before any is
recovered.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from huey_tasks.consumer.outage import Outage
from huey_tasks.errors import QueueUnavailable

logger = logging.getLogger(__name__)

#: Seconds. What is due so soon is done with what is due now: each time alone wakes the process.
TOGETHER_S = 0.02

#: Seconds between two runs of a chore for which heartbeats and the control channel call.
SELDOM_S = 30.0


#: Seconds, at most, until a chore that could not ask is tried again.
AGAIN_S = 1.0


@dataclass(eq=False)
class Chore:
    """Something to do at least every `interval_s`; it may return how much sooner it wants to be."""

    run: Callable[[], float | None]
    interval_s: float
    asks_redis: bool = False  # whether it tells that Redis is there, or away
    due: float = 0.0  # by time.monotonic()


class Chores:
    """The chores of one supervisor, in the order in which they matter."""

    def __init__(self, outage: Outage, *chores: Chore) -> None:
        self._outage = outage
        self._chores = chores

    def next_due(self) -> float:
        """When the next one is due, by time.monotonic()."""
        return min(chore.due for chore in self._chores)

    def do_what_is_due(self) -> None:
        """Do the chores whose time has come, and those whose time comes at once."""
        now = time.monotonic()
        for chore in self._chores:
            if now + TOGETHER_S < chore.due:
                continue
            chore.due = now + chore.interval_s
            began = time.monotonic()
            try:
                sooner = chore.run()
            except QueueUnavailable as error:
                self._wait(chore, error, now)
                return  # the others are due still, and have all of the next round's time
            except Exception:  # a defect in one must not end the renewing of leases
                logger.exception("chore failed", extra={"chore": chore.run.__name__})
                continue
            self._outage.waiting.discard(chore)
            if sooner is not None:
                chore.due = min(chore.due, began + sooner)
            if self._outage.redis_away and chore.asks_redis:
                self._start_again()
                return

    def _wait(self, failed: Chore, error: QueueUnavailable, now: float) -> None:
        self._outage.begin(failed, error.cause, redis_away=failed.asks_redis)
        for chore in self._chores:
            if failed.asks_redis or chore is failed:  # each would only wait for the same Redis
                chore.due = now + min(chore.interval_s, AGAIN_S)
            elif chore.asks_redis:
                chore.due = now

    def _start_again(self) -> None:
        self._outage.end()
        for chore in self._chores:
            chore.due = 0.0
