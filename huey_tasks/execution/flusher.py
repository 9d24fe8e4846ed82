"""The thread that commits a batch while one of its tasks still runs.

A worker that has claimed several short tasks commits them with its next claim. When one of them
turns out to be long, the flusher commits the finished ones and releases those not begun: their
callers would wait for the long one. It is a thread, in a pool of greenlets a greenlet.
"""

import logging
import math
import threading
import time

from huey_tasks.errors import QueueUnavailable
from huey_tasks.execution.slot import Slot

logger = logging.getLogger(__name__)

#: Seconds between tries while Redis is away, or refuses a step.
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
        """Flush this slot too."""
        slot.on_batch = self._batch_claimed.set
        self._slots.append(slot)

    def forget(self, slot: Slot) -> None:
        """Stop flushing this slot: its worker has ended."""
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
        except Exception:  # a defect of ours; without another try claims wait behind a long task
            logger.exception("a batch could not be flushed")
            slot.deadline = time.monotonic() + RETRY_S
