"""A subscription to channels of Redis, and its repair.

Publish and subscribe may lose a line, so every listener also polls, only later. A listener gets no
error when its connection is dead (a firewall forgot it, a machine lost its power), so it pings.
"""

import logging
import time
from typing import Any

from huey_tasks.broker.connection import redis_errors
from huey_tasks.broker.deadline import packed
from huey_tasks.errors import QueueUnavailable

logger = logging.getLogger(__name__)

#: Seconds from one try to subscribe to the next.
RETRY_S = 1.0

#: Seconds without a line, after which Redis gets a ping.
QUIET_S = 2.0

#: Seconds that its answer may take; then the subscription counts as lost.
ANSWER_S = 2.0


class Subscription:
    """What is said on some channels from the moment on in which `sources` first has one.

    It lasts as long as its connection, and the next one is made by the caller's next `sources`.
    redis-py's subscribes again by itself, within the connecting that its subscribing does: to a
    network that ends each connection at once, its caller does not return.
    """

    def __init__(self, client: Any, *channels: str) -> None:
        #: Grows when Redis says that it has subscribed us: what was said before may be lost.
        self.confirmed = 0
        self._pool, self._channels = client.connection_pool, channels
        self._connection: Any = None
        self._next_try = 0.0
        self._heard_at = 0.0
        self._asked_at: float | None = None
        self._went_silent = False

    def sources(self) -> list[Any]:
        """Return what to wait on: a socket, or nothing while there is no subscription."""
        if self._connection is None and time.monotonic() >= self._next_try:
            self._subscribe()
        if self._connection is None:
            return []
        # redis-py has no public way to wait for several things; a test pins this attribute.
        return [self._connection._sock]  # noqa: SLF001

    def read(self) -> list[list[str]]:
        """Return the lines that have arrived, as lists of words; does not wait.

        Call it about once a second: only this call notices a dead subscription.
        """
        lines: list[list[str]] = []
        try:
            with redis_errors():
                while self._connection is not None and not self._connection.is_quiet():
                    kind, *said = self._connection.answer()
                    self._heard_at, self._asked_at = time.monotonic(), None
                    if kind == b"subscribe":
                        self.confirmed += 1
                    elif kind == b"message":
                        lines.append(said[1].decode().split())
                self._ask_for_a_sign()
        except (QueueUnavailable, OSError) as error:
            logger.debug("subscription lost: %s", error)
            self.drop()
        return lines

    def drop(self) -> None:
        """Close the connection; `sources` subscribes again, RETRY_S after it did."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.disconnect()
            self._pool.release(connection)

    def _ask_for_a_sign(self) -> None:
        now = time.monotonic()
        if self._connection is None:
            return
        if self._asked_at is None and now - self._heard_at >= QUIET_S:
            self._asked_at = now
            self._connection.post(packed("PING"))
        elif self._asked_at is not None and now - self._asked_at >= ANSWER_S:
            self.drop()
            self._went_silent = True

    def _subscribe(self) -> None:
        self._next_try = time.monotonic() + RETRY_S
        try:
            with redis_errors():
                self._connection = self._pool.get_connection()
                self._connection.post(packed("SUBSCRIBE", *self._channels))
        except (QueueUnavailable, OSError) as error:
            logger.debug("channels not reached: %s", error)
            self._went_silent = False  # Redis itself is away, which others report
            self.drop()
            return
        if self._went_silent:
            logger.warning("a subscription was dead without an error; it is subscribed again")
        self._went_silent, self._asked_at = False, None
        self._heard_at = time.monotonic()
