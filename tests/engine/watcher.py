"""Follows the events of a queue, and knows from them alone where each task is."""

from typing import Any

import huey_tasks as tq
from huey_tasks.broker import event_keys, keys
from huey_tasks.broker.scripts.events import BEGINNING, EventScripts
from huey_tasks.records.events import TaskEvent
from tests.engine.helpers import QUEUE, scripts
from tests.engine.model import Model

broker = tq.default.broker.redis


class Watcher:
    """What the events have said so far; it begins with a Redis that has none."""

    def __init__(self) -> None:
        self._behind = EventScripts(scripts()).events(QUEUE, BEGINNING, 1).last
        self.states: dict[str, tuple[str, str | None]] = {}  # and what the task is blocked on
        self.workers: dict[str, str | None] = {}
        self.details: dict[tuple[str, str], list[str]] = {}  # by task and kind

    def look(self) -> list[TaskEvent]:
        """Take what has happened since the last look."""
        read = EventScripts(scripts()).events(QUEUE, self._behind, 100_000)
        self._behind = read.last
        events = [TaskEvent.of(entry) for entry in read.entries]
        for event, entry in zip(events, read.entries, strict=True):
            if event.kind == "state":
                self.states[event.task_id] = (event.task.state, event.task.blocked_on)
            detail = entry.fields[b"detail"].decode()
            self.details.setdefault((event.task_id, event.kind), []).append(detail)
        return events

    def check(self, model: Model) -> None:
        """Hold what the events have said against what has happened."""
        self.look()
        for task_id, kind in list(self.details):
            if task_id not in model.tasks:  # its id may be used again
                del self.details[task_id, kind]
        tasks = {task_id: task for task_id, task in model.tasks.items() if not task.gone}
        for task_id, task in tasks.items():
            assert self.states[task_id] == (task.state, task.blocked_on), f"events of {task_id}"
            for kind, number in (("log", task.log), ("partial", task.log)):
                assert self.details.get((task_id, kind), []) == number, f"{kind} of {task_id}"
            attempts = self.details.get((task_id, "attempt"), [])
            assert len(attempts) == len(task.attempts), f"attempts of {task_id}"
        self._check_partials({task_id: task for task_id, task in tasks.items() if task.log})

    def _check_partials(self, tasks: dict[str, Any]) -> None:
        with broker.pipeline(transaction=False) as pipe:
            for task_id in tasks:
                key = event_keys.partials(QUEUE, task_id)
                pipe.lrange(key, 0, -1).pttl(key).pttl(keys.log(QUEUE, task_id))
            replies = iter(pipe.execute())
        for task in tasks.values():
            assert [text.decode() for text in next(replies)] == task.log
            lives = (next(replies) >= 0, next(replies) >= 0)
            assert lives[0] == lives[1], "partial results live as long as the log"
