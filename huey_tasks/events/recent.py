"""The last events in the memory of this process, in order, and by task. Asks Redis nothing."""

from collections import deque
from collections.abc import Iterable, Sequence

from huey_tasks.records.events import Position, TaskEvent

#: As many as Redis keeps, see lua/lib/events.lua.
MOST = 20_000


class Recent:
    """The last events behind a position; nothing behind it is missing."""

    def __init__(self, behind: Position, most: int = MOST) -> None:
        self._behind, self._most = behind, most
        self._events: deque[TaskEvent] = deque()
        self._of_task: dict[str, deque[TaskEvent]] = {}

    def add(self, events: Iterable[TaskEvent]) -> None:
        """Add what came next; the oldest make room."""
        for event in events:
            self._events.append(event)
            self._of_task.setdefault(event.task_id, deque()).append(event)
        while len(self._events) > self._most:
            oldest = self._events.popleft()
            self._behind = oldest.position
            of_task = self._of_task[oldest.task_id]
            of_task.popleft()
            if not of_task:
                del self._of_task[oldest.task_id]

    def behind(self, position: Position, task_id: str = "") -> Sequence[TaskEvent] | None:
        """Return the events behind a position, of one task if it is named.

        None: some of them are not here any more.
        """
        if position < self._behind:
            return None
        found: list[TaskEvent] = []
        for event in reversed(self._of_task.get(task_id, ()) if task_id else self._events):
            if event.position <= position:
                break
            found.append(event)
        found.reverse()
        return found
