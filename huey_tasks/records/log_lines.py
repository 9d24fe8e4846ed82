"""The last lines that tasks logged, of whole queues: read from Redis, the newest first.

`log.lua` keeps them beside the task's own log, and drops the oldest.
"""

import datetime as dt
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Brokers
from huey_tasks.records.models import LogLine


@dataclass(frozen=True)
class TaskLine(LogLine):
    """A line, and the task that logged it."""

    task_id: str
    task_type: str
    queue: str


def read(
    brokers: Brokers,
    *,
    level: str | None = None,
    task_type: str | None = None,
    limit: int,
) -> list[TaskLine]:
    """Read up to `limit` lines of at least that level, of one type of task if it is named."""
    take = limit if level is None and task_type is None else 0  # 0: as many as there are
    with brokers.pipeline() as pipe:
        for name in brokers:
            pipe.lrange(keys.lines(name), -take, -1)
        replies = pipe.execute()
    lines = [
        line
        for name, kept in zip(brokers, replies, strict=True)
        for line in (_line(name, text) for text in reversed(kept))
        if task_type in (None, line.task_type) and (level is None or _rank(line) >= _RANKS[level])
    ]
    lines.sort(key=lambda line: line.at, reverse=True)
    return lines[:limit]


def of_tasks(brokers: Brokers, places: Sequence[tuple[str, str]]) -> list[tuple[LogLine, ...]]:
    """Return the lines that these tasks keep, each a queue and an id; none for one that is gone."""
    with brokers.pipeline() as pipe:
        for queue, task_id in places:
            pipe.lrange(keys.log(queue, task_id), 0, -1)
        replies = pipe.execute()
    return [tuple(line_of(text) for text in kept) for kept in replies]


def line_of(text: bytes) -> LogLine:
    """Return a line from the form in which a task keeps it."""
    fields: dict[str, str] = json.loads(text)
    return LogLine(dt.datetime.fromisoformat(fields["at"]), fields["level"], fields["text"])


_RANKS = logging.getLevelNamesMapping()


def _rank(line: LogLine) -> int:
    """Return the number of its level; a level that logging does not know is below all others."""
    return _RANKS.get(line.level, 0)


def _line(queue: str, kept: bytes) -> TaskLine:
    task_id, task_type, line = json.loads(kept)
    fields = json.loads(line)
    at = dt.datetime.fromisoformat(fields["at"])
    return TaskLine(at, fields["level"], fields["text"], task_id, task_type, queue)
