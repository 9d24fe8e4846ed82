"""The log of a function as one stream of events: the lines of its last invocations.

Each task keeps its last 500 lines. The id of a line is made of its task, time and text, so it is
the same at each read, and a reader that follows knows what it has seen.
"""

import datetime as dt
import hashlib
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from huey_tasks.queues import BROKERS
from huey_tasks.records import log_lines
from huey_tasks.records.rows import TaskRow
from huey_tasks.search import pages, query
from huey_tasks.search.index_scan import Window
from huey_tasks.search.pages import Sort

#: How many invocations, the newest first, are looked at.
MOST_INVOCATIONS = 500
#: Seconds of looking for them, the newest first, among millions of other tasks.
SEARCH_S = 1.0
_TERM = re.compile(r'([?-]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))')


class LogEvent(NamedTuple):
    """A line of a function's log; times are ms since the epoch."""

    timestamp: int
    stream: str
    message: str
    id: str


def read(
    name: str, start_ms: int = 0, end_ms: int | None = None, matches: Callable[[str], bool] = bool
) -> list[LogEvent]:
    """Return the lines of a function from `start_ms` on, before `end_ms`, the oldest first.

    Raises QueueUnavailable.
    """
    found = [row for row in reversed(_rows(name)) if _may_have(row, start_ms, end_ms)]
    logs = log_lines.of_tasks(BROKERS, [(row.queue, row.task_id) for row in found])
    events: list[LogEvent] = []
    for row, lines in zip(found, logs, strict=True):
        stream = f"{row.submitted_at:%Y/%m/%d}/[$LATEST]{row.task_id.replace('-', '')}"
        seen: Counter[tuple[int, str]] = Counter()
        for line in lines:
            at_ms = int(line.at.timestamp() * 1000)
            seen[at_ms, line.text] += 1
            if at_ms < start_ms or (end_ms is not None and at_ms >= end_ms):
                continue
            if matches(line.text):
                number = seen[at_ms, line.text]
                key = _id(row.task_id, at_ms, line.text, number)
                events.append(LogEvent(at_ms, stream, line.text, key))
    return sorted(events, key=lambda event: event.timestamp)


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return what decides whether a line has the words of a filter pattern.

    All words must be there; of those after `?` one, and none of those after `-`. A phrase is in
    double quotes. Raises ValueError for a pattern of another kind.
    """
    text = pattern.strip()
    if text.startswith(("{", "[", "%")):
        raise ValueError("Only patterns of words are understood, such as ERROR -health ?a ?b.")
    terms = [(mark, quoted or word) for mark, quoted, word in _TERM.findall(text)]
    wanted = [word for mark, word in terms if not mark]
    excluded = [word for mark, word in terms if mark == "-"]
    either = [word for mark, word in terms if mark == "?"]

    def matches(line: str) -> bool:
        if any(word in line for word in excluded) or not all(word in line for word in wanted):
            return False
        return not either or bool(wanted) or any(word in line for word in either)

    return matches


def _rows(name: str) -> list[TaskRow]:
    found: list[TaskRow] = []
    cursor: str | None = None
    wanted = query.parse("").with_values(type=name)
    until = time.monotonic() + SEARCH_S
    while len(found) < MOST_INVOCATIONS and time.monotonic() < until:
        page = pages.search(
            BROKERS, wanted, window=Window.between(None, None), sort=Sort.SUBMITTED,
            set_aside=False, cursor=cursor, limit=MOST_INVOCATIONS,
        )  # fmt: skip
        found += page.tasks
        cursor = page.next_cursor
        if cursor is None:
            break
    return found[:MOST_INVOCATIONS]


def _may_have(row: TaskRow, start_ms: int, end_ms: int | None) -> bool:
    """Return whether a task may have lines of that time, by its own times."""
    if end_ms is not None and row.submitted_at.timestamp() * 1000 >= end_ms:
        return False
    # A line may be kept a moment after its time; the clocks of machines differ a little.
    early = dt.datetime.fromtimestamp(max(start_ms - 60_000, 0) / 1000, dt.UTC)
    return row.finished_at is None or row.finished_at >= early


def _id(task_id: str, at_ms: int, text: str, number: int) -> str:
    key = f"{task_id} {number} {text}".encode(errors="replace")
    digest = int.from_bytes(hashlib.blake2b(key, digest_size=14).digest())
    return f"{at_ms:015d}{digest:041d}"
