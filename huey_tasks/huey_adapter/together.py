"""Tasks and gates that reach Redis together: in one go, or with the commit of an attempt."""

import contextlib
import threading
from collections.abc import Generator

from huey_tasks.broker.broker import Broker
from huey_tasks.broker.protocol import Gate, NewTask
from huey_tasks.execution.attempt import Attempt


class Together:
    """What the calling thread enqueues in one queue, a block at a time."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._local = threading.local()

    @contextlib.contextmanager
    def block(
        self, attempt: Attempt | None = None, *, may_refuse: bool = False
    ) -> Generator[tuple[list[NewTask], list[Gate]]]:
        """Give two lists, and store what is in them at the end; an inner block adds to the outer.

        `attempt`: its commit stores them. With `may_refuse` it raises QueueRefuses when one of
        the queues takes no tasks. An error inside the block stores nothing.
        """
        outer: tuple[list[NewTask], list[Gate]] | None = getattr(self._local, "new", None)
        if outer is not None:
            yield outer
            return
        tasks, gates = list[NewTask](), list[Gate]()
        self._local.new = tasks, gates
        try:
            yield tasks, gates
        finally:
            self._local.new = None
        if attempt is not None:
            attempt.follow_up(tasks, gates)
        elif tasks:
            scripts, here = self._broker.scripts, self._broker.name
            scripts.submit(here, tasks, gates, may_refuse=may_refuse)
