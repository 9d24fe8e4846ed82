"""Waiting for the ends of tasks: any number of callers on one subscription for the process.

A task that somebody waits for is marked in its own hash, which `finish` reads anyway when the task
ends: the hot path pays for a field of an answer, and a line is published only for a marked task.
Who waits is woken and looks for itself. What was not heard is found out by asking: whenever the
subscription is new, every few seconds while it is there, every second while it is not.
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
from huey_tasks.records import indexes
from huey_tasks.records.models import TaskState

logger = logging.getLogger(__name__)

#: Seconds between two looks at the tasks that are waited for, with a subscription and without.
LOOK_S = 5.0
LOOK_UNHEARD_S = 1.0

#: Seconds. The subscription is kept so long when nobody waits any more.
KEEP_S = 30.0

#: Seconds within which a stop is noticed: a signal handler can do no more than set a flag.
_NOTICE_S = 0.2


@dataclass(frozen=True)
class _Task:
    """A task that is waited for, and what wakes those who do."""

    queue: str
    events: list[threading.Event] = field(default_factory=list[threading.Event])

    def wake(self) -> None:
        for event in self.events:
            event.set()


class Completions:
    """Wakes callers when their tasks have ended."""

    def __init__(self, brokers: Brokers) -> None:
        self._brokers = brokers
        self._lock = threading.Lock()
        self._waiting: dict[str, _Task] = {}
        self._listening = False
        self._stopping = False

    @contextmanager
    def listen(self, queue: str, task_id: str) -> Generator[threading.Event]:
        """Give an event that is set when the task ends, is gone, or this process stops."""
        event = threading.Event()
        with self._lock:
            task = self._waiting.setdefault(task_id, _Task(queue))
            task.events.append(event)
            if self._stopping:
                event.set()
            elif not self._listening:
                self._listening = True
                threading.Thread(target=self._listen, name="duckline-ends", daemon=True).start()
        try:
            yield event
        finally:
            with self._lock:
                task.events.remove(event)
                if not task.events:
                    del self._waiting[task_id]

    def stop(self) -> None:
        """Wake everybody, now and from now on. Safe in a signal handler."""
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
                self._wake(line[0])
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
        """Whether to end: then whoever waits next starts anew."""
        with self._lock:
            unwanted = not self._waiting and time.monotonic() - wanted_at > KEEP_S
            if not self._stopping and not unwanted:
                return False
            self._listening = False
            for task in self._waiting.values():
                task.wake()
            return True

    def _look(self) -> None:
        """Wake whoever waits for a task that has ended or is not there."""
        with self._lock:
            tasks = [(task.queue, task_id) for task_id, task in self._waiting.items()]
        try:
            with time_limit(LOOK_UNHEARD_S):
                states = indexes.states(self._brokers, tasks)
        except QueueUnavailable as error:
            logger.debug("ends are not looked for: %s", error.cause)
            return
        for (_, task_id), state in zip(tasks, states, strict=True):
            if state is None or TaskState(state).terminal:
                self._wake(task_id)

    def _wake(self, task_id: str) -> None:
        with self._lock:
            if (task := self._waiting.get(task_id)) is not None:
                task.wake()


def _wait_until_readable(source: Any) -> None:
    poller = select.poll()  # takes any descriptor, where `select` takes those below 1024
    poller.register(source.fileno(), select.POLLIN)
    poller.poll(_NOTICE_S * 1000)
