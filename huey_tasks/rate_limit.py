"""Huey's rate limit, counted in one step in Redis.

Huey reads the window, and on a new one clears the counter, notes the window and counts, one round
trip each: workers that come into a window together clear each other's count, and many times the
limit gets through. Here a window is one key, which ends with it, by Redis' clock.
"""

from typing import TYPE_CHECKING

from huey.api import RateLimit
from huey.exceptions import RateLimitExceeded

from huey_tasks import keys
from huey_tasks.attempt import current_attempt
from huey_tasks.connection import redis_errors

if TYPE_CHECKING:
    from huey_tasks.task_queue import TaskQueue


class QueueRateLimit(RateLimit):
    """At most `limit` uses in each window of `per` seconds, over all workers of a queue."""

    def __init__(
        self, queue: "TaskQueue", name: str, limit: int, per: float, retry: bool = True
    ) -> None:
        super().__init__(queue, name, limit, per, retry=retry)
        self._queue = queue.name
        self._scripts, self._broker = queue.storage.scripts, queue.storage.broker

    def acquire(self) -> None:
        """Count a use. Raises RateLimitExceeded, with the seconds until the window ends."""
        per_ms = max(round(self._per * 1000), 1)
        most = int(self._limit)
        used, left_ms = self._scripts.limit(self._queue, self._name, per_ms=per_ms, most=most)
        if used > self._limit:
            if self._retry and (attempt := current_attempt.get()) is not None:
                attempt.miss(f"limit:{most}:{self._name}", left_ms)
            raise RateLimitExceeded(self._name, left_ms / 1000, retry=self._retry)

    def current_usage(self) -> int:
        """How many uses this window has seen, refused ones too."""
        with redis_errors():
            return int(self._broker.hget(keys.limit(self._queue, self._name), "used") or 0)

    def reset(self) -> None:
        """Begin to count anew."""
        with redis_errors():
            self._broker.delete(keys.limit(self._queue, self._name))
