"""Huey's rate limit, counted in one step in Redis.

Huey reads the window, and on a new one clears the counter, notes the window and counts, one round
trip each: workers that enter a window together clear each other's count, and many times the
limit gets through. Here a window is one key, which ends with it, by Redis' clock.
"""

from typing import NoReturn

from huey import Huey
from huey.api import RateLimit
from huey.exceptions import RateLimitExceeded

from huey_tasks.broker.broker import Broker
from huey_tasks.execution.attempt import current_attempt
from huey_tasks.records import locks


def wait_for(name: str, most: int, left_ms: int) -> NoReturn:
    """Let the task that runs wait in its queue, as for a rate limit; its attempt does not count.

    It runs again after that time, together with others that wait for the same, `most` in a second.
    Always raises RateLimitExceeded.
    """
    if (attempt := current_attempt.get()) is not None:
        attempt.miss(f"limit:{most}:{name}", left_ms)
    raise RateLimitExceeded(name, left_ms / 1000)


class QueueRateLimit(RateLimit):
    """At most `limit` uses in each window of `per` seconds, over all workers of a queue."""

    def __init__(
        self, huey: Huey, broker: Broker, name: str, limit: int, per: float, retry: bool = True
    ) -> None:
        super().__init__(huey, name, limit, per, retry=retry)
        self._broker = broker

    def acquire(self) -> None:
        """Count a use. Raises RateLimitExceeded, with the seconds until the window ends."""
        per_ms = max(round(self._per * 1000), 1)
        most = int(self._limit)
        used, left_ms = self._broker.scripts.limit(
            self._broker.name, self._name, per_ms=per_ms, most=most
        )
        if used > self._limit:
            if self._retry:
                wait_for(self._name, most, left_ms)
            raise RateLimitExceeded(self._name, left_ms / 1000, retry=False)

    def current_usage(self) -> int:
        """How many uses this window has seen, refused ones too."""
        return locks.limit_uses(self._broker, self._name)

    def reset(self) -> None:
        """Start again from 0."""
        locks.reset_limit(self._broker, self._name)
