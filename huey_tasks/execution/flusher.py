"""Sees to it that a batch never waits for one of its tasks.

A worker that has claimed several short tasks commits them with its next claim. When one of them
turns out to be long, the finished ones must be visible and those not begun must go back to their
queue, while the worker is still busy: a thread does that (in a pool of greenlets, a greenlet).
"""

import logging
import math
import threading
import time

from huey_tasks.errors import QueueUnavailable
from huey_tasks.execution.slot import Slot

logger = logging.getLogger(__name__)

#: Seconds between tries while Redis is away.
RETRY_S = 0.5


class Flusher:
    """Flushes the slots of one process when their deadlines have passed."""

    def __init__(self) -> None:
        self._slots: list[Slot] = []
        self._batch_claimed = threading.Event()

    def start(self) -> None:
        """Begin; the thread ends with the process."""
        threading.Thread(target=self._run, name="flusher", daemon=True).start()

    def watch(self, slot: Slot) -> None:
        """See to this slot too."""
        slot.on_batch = self._batch_claimed.set
        self._slots.append(slot)

    def forget(self, slot: Slot) -> None:
        """The worker of this slot has ended."""
        self._slots.remove(slot)

    def _run(self) -> None:
        while True:
            self._batch_claimed.wait()
            self._batch_claimed.clear()
            while (deadline := self._next()) < math.inf:
                time.sleep(max(deadline - time.monotonic(), 0))
                for slot in list(self._slots):
                    if slot.deadline <= time.monotonic():
                        self._flush(slot)

    def _next(self) -> float:
        return min((slot.deadline for slot in self._slots), default=math.inf)

    def _flush(self, slot: Slot) -> None:
        try:
            slot.relieve()
        except QueueUnavailable as error:
            logger.debug("a batch waits for Redis: %s", error.cause)
            slot.deadline = time.monotonic() + RETRY_S
        except Exception:  # a defect of ours: what is held returns when its lease ends
            logger.exception("a batch could not be flushed")
            slot.deadline = math.inf
