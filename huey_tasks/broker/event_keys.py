"""The keys of what people watch, as `keys.py` has those of tasks."""

from huey_tasks.broker import keys


def events() -> str:
    """STREAM, what happened to tasks, of all queues in one order; the last 20,000 events.

    It is there only while somebody watches, and for WATCHED_S seconds after that. Scripts add to it
    (`lua/lib/events.lua`) if it is there; `events.lua` and `watch.lua` begin it and read it.
    """
    return keys.of_all_queues("events")


def partials(queue: str, task_id: str) -> str:
    """LIST of the partial results of a task, the last 500, as JSON. Lives as long as its log."""
    return f"{keys.root(queue)}:partials:{task_id}"


def binned_partials(queue: str, task_id: str) -> str:
    """LIST, the partial results of a task that was deleted; see `keys.binned_log`."""
    return f"{keys.root(queue)}:binned-partials:{task_id}"
