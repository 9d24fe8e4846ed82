"""How long what runs may still run once its consumer stops, and the log lines that say so."""

import logging
import math
import time
from collections.abc import Collection

from huey_tasks.execution.worker_table import Held

logger = logging.getLogger(__name__)

#: Seconds between two lines about the tasks that still run.
SAY_EVERY_S = 10.0


class Grace:
    """Begins with the first stop, and ends after `seconds` or with the second stop."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends: float | None = None
        self._say_at = 0.0

    def stop(self) -> None:
        """Begin it; a second call ends it. Signal handlers call this."""
        now = time.monotonic()
        self._ends = now + self._seconds if self._ends is None else min(self._ends, now)

    @property
    def has_begun(self) -> bool:
        return self._ends is not None

    def is_over(self, margin_s: float = 0.0) -> bool:
        """Return whether it ended `margin_s` seconds ago, or longer."""
        return self._left_s() + margin_s <= 0

    def say_what_runs(self, queue: str, held: Collection[Held]) -> None:
        """Log what the consumer waits for, at once and again while that takes long."""
        now = time.monotonic()
        if not held or now < self._say_at or self.is_over():
            return
        self._say_at = now + SAY_EVERY_S
        extra = {
            "queue": queue,
            "tasks": len(held),
            "task_types": ", ".join(sorted({one.task_type for one in held})),
            "up_to_s": round(self._left_s()),
        }
        logger.info("stop waits for running tasks", extra=extra)

    def _left_s(self) -> float:
        return math.inf if self._ends is None else self._ends - time.monotonic()
