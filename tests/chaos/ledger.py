"""The ledger that the tasks of a storm keep outside Redis: a file with a line for each thing noted.

A line is written in one write, so that those of several processes do not mix: JSON, [what, key,
task id, attempt, delivery, token, process id, time, and what else there is to say].
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from huey_tasks.attempt import current_attempt
from tests.chaos.history import Child, Execution, Hit
from tests.chaos.schedule import FaultKind

#: Seconds. A consumer that a task stops goes on for so long, with what it had claimed.
_STOPPING_S = 2.0


def note(ledger: str, what: str, key: str, *more: object) -> str:
    """Append a line about the task that runs here; return the token of its claim."""
    attempt = current_attempt.get()
    if attempt is None:
        raise RuntimeError("a task of the storm runs in a consumer only")
    claim = attempt.claim
    line = [what, key, claim.id, claim.attempt, claim.deliveries, claim.token, os.getpid()]
    written = json.dumps([*line, time.time(), *more]) + "\n"
    fd = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(fd, written.encode())
    finally:
        os.close(fd)
    return claim.token


def executions(ledger: Path) -> tuple[Execution, ...]:
    """Read the executions; a claim that ran twice gives two."""
    found: list[Execution] = []
    running: dict[tuple[str, int], int] = {}
    for what, key, task_id, attempt, delivery, token, pid, at, *more in _lines(ledger):
        if what == "begin":
            consumer, oddities = more
            running[token, pid] = len(found)
            begun = Execution(key, task_id, attempt, delivery, token, pid, began_at=at)
            found.append(replace(begun, consumer=consumer, oddities=tuple(oddities)))
        elif what == "end":
            place = running[token, pid]
            found[place] = replace(found[place], ended_at=at)
    return tuple(found)


def children(ledger: Path) -> tuple[Child, ...]:
    """Read which processes were left running."""
    lines = [line for line in _lines(ledger) if line[0] == "child"]
    return tuple(Child(task_id, token, *more) for _, _, task_id, _, _, token, _, _, *more in lines)


def harms(ledger: Path) -> tuple[Hit, ...]:
    """Read what tasks did to their workers; of one that hits its consumer, to all workers of it."""
    found: list[Hit] = []
    workers = [(execution.consumer, execution.pid) for execution in executions(ledger)]
    for what, _, _, _, _, _, worker, at, *more in _lines(ledger):
        if what == "harm":
            kind, how, consumer = more
            shared = how.startswith("consumer")
            pids = {pid for parent, pid in workers if shared and parent == consumer} | {worker}
            until = at + _STOPPING_S if shared else at
            found.append(Hit(FaultKind(kind), how, at, until, frozenset(pids)))
    return tuple(found)


def _lines(ledger: Path) -> Iterator[list[Any]]:
    text = ledger.read_text("utf-8") if ledger.exists() else ""
    return map(json.loads, text.splitlines())
