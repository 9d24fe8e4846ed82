"""A subscription to channels of Redis, and its repair.

Publish and subscribe may lose a line, so every listener also polls, only later. A listener gets no
error when its connection is dead (a firewall forgot it, a machine lost its power), so it pings.
"""

import logging
import time
from typing import Any

from huey_tasks.broker.connection import redis_errors
from huey_tasks.errors import QueueUnavailable

logger = logging.getLogger(__name__)

#: Seconds between tries to subscribe again.
RETRY_S = 1.0

#: Seconds without a line, after which Redis gets a ping.
QUIET_S = 2.0

#: Seconds that its answer may take; then the subscription counts as lost.
ANSWER_S = 2.0


class Subscription:
    """What is said on some channels from the moment on in which `sources` first has one."""

    def __init__(self, broker: Any, *channels: str) -> None:
        #: Grows when Redis says that it has subscribed us: what was said before may be lost.
        self.confirmed = 0
        self._broker, self._channels = broker, channels
        self._subscription: Any = None
        self._next_try = 0.0
        self._heard_at = 0.0
        self._asked_at: float | None = None
        self._went_silent = False

    def sources(self) -> list[Any]:
        """Return what to wait on: a socket, or nothing while there is no subscription."""
        if self._subscription is None and time.monotonic() >= self._next_try:
            self._subscribe()
        if self._subscription is None:
            return []
        # redis-py has no public way to wait for several things; a test pins this attribute.
        return [self._subscription.connection._sock]  # noqa: SLF001

    def read(self) -> list[list[str]]:
        """Return the lines that have arrived, as lists of words; does not wait.

        Call it about once a second: only this call notices a dead subscription.
        """
        lines: list[list[str]] = []
        try:
            with redis_errors():
                while self._subscription is not None:
                    line = self._subscription.get_message(timeout=0)
                    if line is None:
                        break
                    self._heard_at, self._asked_at = time.monotonic(), None
                    if line["type"] == "subscribe":  # redis-py may also subscribe again by itself
                        self.confirmed += 1
                    elif line["type"] == "message":
                        lines.append(line["data"].decode().split())
                self._ask_for_a_sign()
        except (QueueUnavailable, OSError) as error:
            logger.debug("subscription lost: %s", error)
            self.drop()
        return lines

    def drop(self) -> None:
        """Close the connection; `sources` subscribes again, after RETRY_S."""
        if self._subscription is not None:
            self._subscription.close()
        self._subscription = None
        self._next_try = time.monotonic() + RETRY_S

    def _ask_for_a_sign(self) -> None:
        now = time.monotonic()
        if self._subscription is None:
            return
        if self._asked_at is None and now - self._heard_at >= QUIET_S:
            self._asked_at = now
            self._subscription.ping()
        elif self._asked_at is not None and now - self._asked_at >= ANSWER_S:
            self.drop()
            self._went_silent = True

    def _subscribe(self) -> None:
        subscription = self._broker.pubsub()
        try:
            with redis_errors():
                subscription.subscribe(*self._channels)
        except (QueueUnavailable, OSError) as error:
            logger.debug("channels not reached: %s", error)
            self._went_silent = False  # Redis itself is away, which others report
            subscription.close()
            self._next_try = time.monotonic() + RETRY_S
            return
        if self._went_silent:
            logger.warning("a subscription was dead without an error; it is subscribed again")
        self._went_silent = False
        self._subscription, self._asked_at = subscription, None
        self._heard_at = time.monotonic()
