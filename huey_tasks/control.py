"""What consumers are told at once: an attempt to stop, a task that becomes due sooner.

Redis' publish and subscribe may lose a line; everything said here is also found out by a chore of
the consumer, only later. Owns the subscription and its repair.
"""

import logging
import time
from typing import Any

from huey_tasks import keys
from huey_tasks.connection import redis_errors
from huey_tasks.errors import QueueUnavailable
from huey_tasks.task_queue import TaskQueue

logger = logging.getLogger(__name__)

#: Seconds between tries to subscribe again.
RETRY_S = 1.0


class ControlChannel:
    """A subscription to the control channel of one queue."""

    def __init__(self, queue: TaskQueue) -> None:
        self._queue = queue
        self._subscription: Any = None
        self._next_try = 0.0

    def sources(self) -> list[Any]:
        """What to wait on: a socket, or nothing while there is no subscription."""
        if self._subscription is None and time.monotonic() >= self._next_try:
            self._subscribe()
        if self._subscription is None:
            return []
        # redis-py has no public way to wait for several things; a test pins this attribute.
        return [self._subscription.connection._sock]

    def read(self) -> list[list[str]]:
        """The commands that have come in, as lists of words; never waits."""
        commands: list[list[str]] = []
        try:
            with redis_errors():
                while self._subscription is not None:
                    line = self._subscription.get_message(ignore_subscribe_messages=True, timeout=0)
                    if line is not None:
                        commands.append(line["data"].decode().split())
                    elif not self._subscription.connection.can_read(0):
                        break
        except (QueueUnavailable, OSError) as error:
            logger.debug("control channel lost: %s", error)
            self._drop()
        return commands

    def _subscribe(self) -> None:
        subscription = self._queue.storage.broker.pubsub()
        try:
            with redis_errors():
                subscription.subscribe(keys.control(self._queue.name))
        except (QueueUnavailable, OSError) as error:
            logger.debug("control channel not reached: %s", error)
            subscription.close()
            self._next_try = time.monotonic() + RETRY_S
            return
        self._subscription = subscription

    def _drop(self) -> None:
        self._subscription.close()
        self._subscription = None
        self._next_try = time.monotonic() + RETRY_S
