"""Estimate when a task starts from the recent starts of its queue, and explain the estimate.

If nothing is known, there is no estimate but a reason. Does not read Redis.
"""

import datetime as dt
from dataclasses import dataclass

from huey_tasks.records.models import TaskState

#: Minutes of the history that are used, the current one included.
MINUTES = 6

#: Seconds. A shorter time is counted as this long: two starts in 0.1 s are no rate of 20 a second.
LEAST_S = 5.0


@dataclass(frozen=True)
class Prospects:
    """What the start of a task depends on.

    `ahead`: the number of waiting tasks that come first. `free`: workers without a task. `starts`:
    how many tasks of its queue have started in the last `over_s` seconds. `blocked`: it waits for
    more than a worker.
    """

    paused: bool
    worked_on: bool
    ahead: int
    free: int
    due_at: dt.datetime | None
    starts: int
    over_s: float
    blocked: bool = False


def start_of(
    now: dt.datetime, state: TaskState, prospects: Prospects
) -> tuple[dt.datetime | None, str]:
    """Return the estimated start and its explanation, or None and the reason for none."""
    ahead, due_at = prospects.ahead, prospects.due_at
    if state.terminal:
        return None, "It has ended."
    if state is TaskState.STARTED:
        return None, "It has started."
    if prospects.paused:
        return None, "No estimate: its queue is paused."
    if not prospects.worked_on:
        return None, "No estimate: its queue has no consumer."
    if prospects.blocked:
        return None, "No estimate: it waits for more than a worker."
    if due_at is not None and due_at > now and ahead < max(prospects.free, 1):
        return due_at, "It starts when it is due, if a worker is free."
    if ahead < prospects.free:
        return now, "A worker is free for it."
    return _by_rate(now, prospects)


def _by_rate(now: dt.datetime, prospects: Prospects) -> tuple[dt.datetime | None, str]:
    starts, ahead, due_at = prospects.starts, prospects.ahead, prospects.due_at
    if not starts:
        span = f"{MINUTES - 1} min"
        return None, f"No estimate: no task of its queue has started in the last {span}."
    over_s = max(prospects.over_s, LEAST_S)
    rate = starts / over_s
    at = now + dt.timedelta(seconds=(ahead + 1) / rate)
    text = (
        f"{starts:,} tasks of its queue have started in the last {_span(over_s)} "
        f"({rate:.3g} a second), and {ahead:,} tasks are ahead of it"
    )
    if due_at is not None and due_at > at:
        return due_at, f"{text}; it is due after those have started."
    text += ". The rate includes time without waiting tasks, so it may start sooner"
    return at, f"{text}; tasks of a higher priority may still go first."


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
