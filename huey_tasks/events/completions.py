"""Wait for tasks to end: any number of callers share one subscription of the process.

A caller marks the task that it waits for in the task's own hash, which `finish` reads anyway: the
hot path pays for one field of a reply, and a message is published only for a marked task. A caller
that wakes reads the state itself. A message may be missed, so the states are also read when the
subscription is new, every LOOK_S seconds with a subscription, every LOOK_UNHEARD_S without one.
Pieces of an answer are announced like ends, to callers that read it while its function runs.
"""

import logging
import select
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.deadline import time_limit
from huey_tasks.errors import QueueUnavailable
from huey_tasks.processes import forked_children
from huey_tasks.records import indexes
from huey_tasks.records.models import TaskState

logger = logging.getLogger(__name__)

#: Seconds between two reads of the states of awaited tasks, with a subscription and without.
LOOK_S = 5.0
LOOK_UNHEARD_S = 1.0

#: Seconds for which the subscription is kept after the last caller has left.
KEEP_S = 30.0

#: Seconds within which a stop is noticed: a signal handler can only set a flag.
_NOTICE_S = 0.2


@dataclass(frozen=True)
class _Task:
    """A task that callers wait for, and the event of each caller."""

    queue: str
    events: list[threading.Event] = field(default_factory=list[threading.Event])
    of_pieces: list[threading.Event] = field(default_factory=list[threading.Event])

    def wake(self, *, is_end: bool = True) -> None:
        for event in self.events if is_end else self.of_pieces:
            event.set()


class Completions:
    """Wakes callers when their tasks have ended. Safe in several threads."""

    def __init__(self, brokers: Brokers) -> None:
        self._brokers = brokers
        self._forget()
        forked_children.reset(self._forget)

    def _forget(self) -> None:
        """Begin without callers: a forked child has neither the thread nor those who wait."""
        self._lock = threading.Lock()
        self._waiting: dict[str, _Task] = {}
        self._listening = False
        self._stopping = False

    @contextmanager
    def listen(
        self, queue: str, task_id: str, *, pieces: bool = False
    ) -> Generator[threading.Event]:
        """Yield an event that is set when the task ends, is not found, or this process stops.

        With `pieces`, it is also set when there is more of the answer.
        """
        event = threading.Event()
        with self._lock:
            if not self._stopping and not self._listening:
                # Where the system starts no thread now, the next caller tries again.
                threading.Thread(target=self._listen, name="duckline-ends", daemon=True).start()
                self._listening = True
            task = self._waiting.setdefault(task_id, _Task(queue))
            task.events.append(event)
            if pieces:
                task.of_pieces.append(event)
            if self._stopping:
                event.set()
        try:
            yield event
        finally:
            with self._lock:
                task.events.remove(event)
                if pieces:
                    task.of_pieces.remove(event)
                if not task.events:
                    del self._waiting[task_id]

    @property
    def is_stopping(self) -> bool:
        """Whether this process stops, so that no caller may wait."""
        return self._stopping

    def stop(self) -> None:
        """Wake all callers, and every later one at once. Safe in a signal handler."""
        self._stopping = True

    def _listen(self) -> None:
        channels = [keys.ends(queue) for queue in self._brokers]
        subscription = self._brokers.first.subscribe(*channels)
        confirmed, look_at, wanted_at = 0, 0.0, time.monotonic()
        while not self._is_over(wanted_at):
            sources = subscription.sources()
            if sources:
                _wait_until_readable(sources[0])
            else:
                time.sleep(_NOTICE_S)
            for line in subscription.read():
                self._wake(*line)
            now = time.monotonic()
            if not self._waiting:
                continue
            wanted_at = now
            if now >= look_at or subscription.confirmed > confirmed:
                confirmed = subscription.confirmed
                self._look()
                look_at = now + (LOOK_S if sources else LOOK_UNHEARD_S)
        subscription.drop()

    def _is_over(self, wanted_at: float) -> bool:
        """Return whether the thread ends; the next caller then starts a new one."""
        with self._lock:
            unwanted = not self._waiting and time.monotonic() - wanted_at > KEEP_S
            if not self._stopping and not unwanted:
                return False
            self._listening = False
            for task in self._waiting.values():
                task.wake()
            return True

    def _look(self) -> None:
        """Wake the callers whose task has ended or does not exist."""
        with self._lock:
            tasks = [(task.queue, task_id) for task_id, task in self._waiting.items()]
        try:
            with time_limit(LOOK_UNHEARD_S):
                states = indexes.states(self._brokers, tasks)
        except QueueUnavailable as error:
            logger.debug("the states of awaited tasks are not read: %s", error.cause)
            return
        for (_, task_id), state in zip(tasks, states, strict=True):
            if state is None or TaskState(state).terminal:
                self._wake(task_id)

    def _wake(self, task_id: str, what: str = "") -> None:
        with self._lock:
            if (task := self._waiting.get(task_id)) is not None:
                task.wake(is_end=not what)


def _wait_until_readable(source: Any) -> None:
    poller = select.poll()  # `select` fails for descriptors from 1024 on
    poller.register(source.fileno(), select.POLLIN)
    poller.poll(_NOTICE_S * 1000)
