"""When may a task start? Reckoned from the starts of its queue, and said on what that rests.

Where nothing is known there is no estimate, and the reason for that. Asks Redis nothing.
"""

import datetime as dt
from dataclasses import dataclass

from huey_tasks.records.models import TaskState

#: Minutes of the history that are looked at, the present one included.
MINUTES = 6

#: Seconds. What has begun just now is no rate yet.
LEAST_S = 5.0


@dataclass(frozen=True)
class Prospects:
    """What the start of a task depends on.

    `ahead`: how many wait and come before it. `free`: workers without a task. `starts`: how many
    tasks of its queue have started in the last `over_s` seconds. `blocked`: it waits for something
    besides a worker.
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
    """When it may start, and on what that rests or why nobody can say."""
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
        f"{starts:,} of its queue have started in the last {_span(over_s)} ({rate:.3g} a second), "
        f"and {ahead:,} stand before it"
    )
    if due_at is not None and due_at > at:
        return due_at, f"{text} now; it is due later than those will take."
    text += ". Time in which nothing waited counts too, so it may be sooner"
    return at, f"{text}; tasks of a higher priority may still come before it."


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
