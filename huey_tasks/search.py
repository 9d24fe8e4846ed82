"""Find tasks: which index is looked through, how far in one request, and where the next goes on.

There is no index of what tasks hold, because every task would pay for it. A script looks at tasks
one by one, the newest first, some hundreds at a time so that Redis serves others in between, until
the page is full or the time is up; the answer says how far it came.
"""

import base64
import binascii
import datetime as dt
import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from huey_tasks import fields, keys, rows
from huey_tasks.connection import redis_errors
from huey_tasks.errors import InvalidQuery, Problem
from huey_tasks.operator_scripts import Place
from huey_tasks.query import STATES, Query
from huey_tasks.records import TaskState
from huey_tasks.rows import TaskRow
from huey_tasks.search_streams import TOP, Stream, WholeStream, Window

if TYPE_CHECKING:
    from huey_tasks.task_queue import TaskQueue

#: Seconds that one request looks; what it then has found is its page.
BUDGET_S = 0.06

#: A state with no more tasks is looked through as a whole.
FEW = 1500

_ENDED = tuple(state for state in STATES if TaskState(state).terminal)
_CURSOR = re.compile(r"(\d{1,15}(?:\.\d{1,6})?) (\S{0,100})")


class Sort(StrEnum):
    """Which time decides what is newest."""

    SUBMITTED = "submitted"
    FINISHED = "finished"


@dataclass(frozen=True)
class Page:
    """What a search has found. `complete`: it is all that was asked for, or the page is full."""

    tasks: tuple[TaskRow, ...]
    next_cursor: str | None
    scanned: int
    complete: bool
    scanned_back_to: dt.datetime | None


def search(
    queues: Mapping[str, "TaskQueue"],
    query: Query,
    *,
    window: Window | None = None,
    sort: Sort = Sort.SUBMITTED,
    set_aside: bool = False,
    cursor: str | None = None,
    limit: int = 50,
    budget_s: float = BUDGET_S,
) -> Page:
    """Find a page of tasks, newest first. Raises InvalidQuery for a forged cursor."""
    ids = find(
        queues, query, window=window, sort=sort, set_aside=set_aside, cursor=cursor, limit=limit,
        budget_s=budget_s,
    )  # fmt: skip
    found: dict[str, TaskRow] = {}
    for queue in queues.values():
        mine = [task_id for name, task_id in ids.tasks if name == queue.name]
        found |= {row.task_id: row for row in rows.load(queue, mine)}
    tasks = tuple(found[task_id] for _, task_id in ids.tasks if task_id in found)
    reached = None if math.isinf(ids.reached_ms) else fields.from_ms(str(ids.reached_ms))
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
    queues: Mapping[str, "TaskQueue"],
    query: Query,
    *,
    window: Window | None = None,
    sort: Sort = Sort.SUBMITTED,
    set_aside: bool = False,
    cursor: str | None = None,
    limit: int = 50,
    budget_s: float = BUDGET_S,
) -> Found:
    """Find the ids of a page of tasks."""
    begin = TOP if cursor is None else _place_of(cursor)
    wanted = _wanted(queues, query)
    streams = _few(wanted, query, window or Window(), sort, set_aside) or [
        Stream(queue, index, query, window or Window())
        for queue in wanted
        for index in _indexes(query, sort, set_aside)
    ]
    for stream in streams:
        stream.begin(begin)
    ends = time.monotonic() + budget_s
    while open_ones := [stream for stream in streams if not stream.done]:
        first = max(open_ones, key=lambda stream: (not stream.looked_at, stream.reached))
        in_time = time.monotonic() < ends or not first.looked_at
        known = sum(m.place >= first.reached for s in streams for m in s.matches)
        if not in_time or (first.looked_at and known >= limit):
            break
        first.look(limit)
    return _page(streams, limit)


def _page(streams: Sequence["Stream"], limit: int) -> Found:
    """What is known to come first: no stream that is not done can still find something before."""
    reached = max((s.reached for s in streams if not s.done), default=Place(-math.inf, ""))
    pairs = [(m.place, s.queue.name) for s in streams for m in s.matches if m.place >= reached]
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


def _wanted(queues: Mapping[str, "TaskQueue"], query: Query) -> list["TaskQueue"]:
    names, unwanted = query.values("queue"), query.values("queue", unwanted=True)
    return [
        queue
        for name, queue in queues.items()
        if (not names or name in names) and name not in unwanted
    ]


def _indexes(query: Query, sort: Sort, set_aside: bool) -> list[str]:
    if set_aside:
        return ["dead"]
    if sort is Sort.SUBMITTED:
        return ["submitted"]
    names, unwanted = query.values("state"), query.values("state", unwanted=True)
    return [f"state:{s}" for s in _ENDED if (not names or s in names) and s not in unwanted]


def _few(
    queues: Sequence["TaskQueue"], query: Query, window: Window, sort: Sort, set_aside: bool
) -> list["Stream"]:
    """The streams of the wanted causes or states, if those have few tasks; none if many.

    A group that is not kept any more has no tasks, and a partial one not all of them, though others
    may still name it as their cause.
    """
    if not queues or sort is not Sort.SUBMITTED or set_aside:
        return []
    causes = _wanted_values(query, "cause")
    groups = [(queue, f"failed:{cause}") for queue in queues for cause in causes]
    states = [
        (queue, f"state:{state}") for queue in queues for state in _wanted_values(query, "state")
    ]
    if groups and 1 <= _size(groups) <= FEW and not _any_partial(queues, causes):
        return [WholeStream(queue, index, query, window) for queue, index in groups]
    if states and _size(states) <= FEW:
        return [WholeStream(queue, index, query, window) for queue, index in states]
    return []


def _any_partial(queues: Sequence["TaskQueue"], causes: Sequence[str]) -> bool:
    with redis_errors(), queues[0].storage.broker.pipeline(transaction=False) as pipe:
        for queue in queues:
            for cause in causes:
                pipe.hexists(keys.failure(queue.name, cause), "partial")
        return any(pipe.execute())


def _wanted_values(query: Query, word: str) -> list[str]:
    return sorted(set(query.values(word)) - set(query.values(word, unwanted=True)))


def _size(places: Sequence[tuple["TaskQueue", str]]) -> int:
    with redis_errors(), places[0][0].storage.broker.pipeline(transaction=False) as pipe:
        for queue, index in places:
            pipe.zcard(f"{keys.root(queue.name)}:{index}")
        return sum(pipe.execute())


def _cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(f"{place.score:.17g} {place.id}".encode()).decode().rstrip("=")


def _place_of(cursor: str) -> Place:
    """Where a page ended. A cursor holds no more than that, so a made-up one does no harm."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        found = _CURSOR.fullmatch(text) if len(cursor) < 250 and cursor.isascii() else None
    except (binascii.Error, ValueError):
        found = None
    if found is None:
        raise InvalidQuery([Problem("/cursor", "cursor", "It is no cursor of an answer of ours.")])
    return Place(float(found[1]), found[2])
