"""Find pages of tasks: choose the indexes to scan, stop in time, and continue at a cursor.

No index of payloads exists, because each submit would pay for it. A script reads tasks one by one,
the newest first, a millisecond a call so that Redis serves others in between, until the page is
full or the time is over; the page says how far the scan came.
"""

import base64
import binascii
import datetime as dt
import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from huey_tasks.broker import task_hash
from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.broker.scripts.operators import Place
from huey_tasks.broker.states import TERMINAL
from huey_tasks.errors import InvalidQuery, Problem
from huey_tasks.records import failures, indexes, rows
from huey_tasks.records.rows import TaskRow
from huey_tasks.search.index_scan import TOP, Stream, WholeStream, Window
from huey_tasks.search.query import Query

#: Seconds that one request searches; what it found until then is its page.
BUDGET_S = 0.06

#: An index of up to this many tasks is scanned as a whole.
FEW = 1500

_CURSOR = re.compile(r"(\d{1,15}(?:\.\d{1,6})?) (\S{0,100})")


class Sort(StrEnum):
    """The time by which a search sorts tasks."""

    SUBMITTED = "submitted"
    FINISHED = "finished"


@dataclass(frozen=True)
class Page:
    """A page of a search. `complete`: the page is full, or no more tasks match.

    `scanned`: tasks that were read. `scanned_back_to`: how far back, None for no limit.
    """

    tasks: tuple[TaskRow, ...]
    next_cursor: str | None
    scanned: int
    complete: bool
    scanned_back_to: dt.datetime | None


def search(
    brokers: Brokers,
    query: Query,
    *,
    window: Window | None = None,
    sort: Sort = Sort.SUBMITTED,
    set_aside: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Find a page of tasks, newest first. Raises InvalidQuery for a forged cursor."""
    ids = find(
        brokers, query, window=window, sort=sort, set_aside=set_aside, cursor=cursor, limit=limit
    )
    found: dict[str, TaskRow] = {}
    for queue, broker in brokers.items():
        of_queue = [task_id for name, task_id in ids.tasks if name == queue]
        found |= {row.task_id: row for row in rows.load(broker, of_queue)}
    tasks = tuple(found[task_id] for _, task_id in ids.tasks if task_id in found)
    reached = None if math.isinf(ids.reached_ms) else task_hash.from_ms(str(ids.reached_ms))
    return Page(tasks, ids.next_cursor, ids.scanned, ids.complete, reached)


@dataclass(frozen=True)
class Found:
    """The ids of a page, each with its queue."""

    tasks: tuple[tuple[str, str], ...]
    next_cursor: str | None
    scanned: int
    complete: bool
    reached_ms: float


def find(
    brokers: Brokers,
    query: Query,
    *,
    window: Window | None = None,
    sort: Sort = Sort.SUBMITTED,
    set_aside: bool = False,
    cursor: str | None = None,
    limit: int = 50,
    budget_s: float = BUDGET_S,
) -> Found:
    """Find the ids of a page of tasks, newest first. Raises InvalidQuery for a forged cursor."""
    begin = TOP if cursor is None else _place_of(cursor)
    wanted = _wanted(brokers, query)
    streams = _few(brokers, wanted, query, window or Window(), sort, set_aside) or [
        Stream(broker, index, query, window or Window())
        for broker in wanted
        for index in _indexes(query, sort, set_aside)
    ]
    for stream in streams:
        stream.begin(begin)
    stop_at = time.monotonic() + budget_s
    while open_streams := [stream for stream in streams if not stream.done]:
        first = max(open_streams, key=lambda stream: (not stream.looked_at, stream.reached))
        in_time = time.monotonic() < stop_at or not first.looked_at
        known = sum(m.place >= first.reached for s in streams for m in s.matches)
        if not in_time or (first.looked_at and known >= limit):
            break
        first.look(limit)
    return _page(streams, limit)


def _page(streams: Sequence["Stream"], limit: int) -> Found:
    """Return the matches before which no scan that is not done can still find another."""
    reached = max((s.reached for s in streams if not s.done), default=Place(-math.inf, ""))
    pairs = [(m.place, s.broker.name) for s in streams for m in s.matches if m.place >= reached]
    pairs.sort(reverse=True)
    tasks = tuple((queue, place.id) for place, queue in pairs[:limit])
    is_full, is_over = len(tasks) == limit, math.isinf(reached.score) and reached.score < 0
    last = pairs[limit - 1][0] if is_full else None
    if is_full and last is not None and (len(pairs) > limit or not is_over):
        cursor = _cursor(last)
    else:
        cursor = None if is_over else _cursor(reached)
    scanned = sum(stream.looked_at for stream in streams)
    back_to = last.score if last is not None else reached.score
    return Found(tasks, cursor, scanned, is_full or is_over, back_to)


def _wanted(brokers: Brokers, query: Query) -> list[Broker]:
    names, unwanted = query.values("queue"), query.values("queue", unwanted=True)
    return [
        broker
        for name, broker in brokers.items()
        if (not names or name in names) and name not in unwanted
    ]


def _indexes(query: Query, sort: Sort, set_aside: bool) -> list[str]:
    if set_aside:
        return ["dead"]
    if sort is Sort.SUBMITTED:
        return ["submitted"]
    names, unwanted = query.values("state"), query.values("state", unwanted=True)
    return [f"state:{s}" for s in TERMINAL if (not names or s in names) and s not in unwanted]


def _few(
    brokers: Brokers,
    wanted: Sequence[Broker],
    query: Query,
    window: Window,
    sort: Sort,
    set_aside: bool,
) -> list["Stream"]:
    """Return the scans of the wanted causes or states if those have few tasks, else none.

    A failure group that is no longer stored has no index, and a partial one lacks tasks that still
    name it as their cause: both need a scan of all tasks.
    """
    if not wanted or sort is not Sort.SUBMITTED or set_aside:
        return []
    causes = _wanted_values(query, "cause")
    queues = [broker.name for broker in wanted]
    groups = [(queue, f"failed:{cause}") for queue in queues for cause in causes]
    states = [
        (queue, f"state:{state}") for queue in queues for state in _wanted_values(query, "state")
    ]
    is_small = groups and 1 <= indexes.total_size(brokers, groups) <= FEW
    if is_small and not failures.any_partial(brokers, queues, causes):
        return [WholeStream(brokers[queue], index, query, window) for queue, index in groups]
    if states and indexes.total_size(brokers, states) <= FEW:
        return [WholeStream(brokers[queue], index, query, window) for queue, index in states]
    return []


def _wanted_values(query: Query, word: str) -> list[str]:
    return sorted(set(query.values(word)) - set(query.values(word, unwanted=True)))


def _cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(f"{place.score:.17g} {place.id}".encode()).decode().rstrip("=")


def _place_of(cursor: str) -> Place:
    """Return where a page ended. A cursor holds only that, so a forged one does no harm."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        found = _CURSOR.fullmatch(text) if len(cursor) < 250 and cursor.isascii() else None
    except (binascii.Error, ValueError):
        found = None
    if found is None:
        raise InvalidQuery(
            [Problem("/cursor", "cursor", "This is not a cursor that Duckline returned.")]
        )
    return Place(float(found[1]), found[2])
