"""The scripts behind what operators see and do: searches, histories, failures, undo.

Apart from `scripts`, whose functions every task goes through; the loader is the same.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from huey_tasks.scripts import Scripts

#: Bytes. A message that is larger is not read for a table.
LARGEST_MESSAGE = 65536


class Place(NamedTuple):
    """Where a task stands in an index, the newest first: its score, and its id."""

    score: float
    id: str

    def texts(self) -> tuple[str, str]:
        """The place as a script reads it."""
        return ("+inf" if self.score == float("inf") else f"{self.score:.17g}"), self.id


class Match(NamedTuple):
    """A task that a search has found: where it stands, and when it was submitted, in ms."""

    place: Place
    submitted_ms: float


class Look(NamedTuple):
    """What one call of `search` has seen."""

    done: bool
    looked_at: int
    reached: Place
    matches: list[Match]


class OperatorScripts:
    """More scripts on the Redis of `scripts`. Raises QueueUnavailable as those do."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def search(
        self,
        queue: str,
        index: str,
        behind: Place,
        conditions: Sequence[dict[str, Any]],
        *,
        oldest: float,
        look: int,
        want: int,
    ) -> Look:
        """Look through an index behind a place, until `want` have been found."""
        score, task_id = behind.texts()
        done, looked_at, score, task_id, found = self._scripts._run(
            "search",
            queue,
            index=index,
            score=score,
            id=task_id,
            oldest=f"{oldest:.17g}",
            look=look,
            want=want,
            conditions=json.dumps(conditions, ensure_ascii=False),
        )
        matches = [
            Match(Place(float(score), task_id.decode()), float(submitted_ms))
            for task_id, score, submitted_ms in found
        ]
        return Look(bool(done), looked_at, Place(float(score), task_id.decode()), matches)

    def rows(self, queue: str, task_ids: Sequence[str]) -> tuple[float, list[list[bytes | None]]]:
        """The time in ms, and the fields of each task; none for one that is not there."""
        now, *rows = self._scripts._run("rows", queue, *task_ids, largest=LARGEST_MESSAGE)
        return float(now), rows

    def history(
        self,
        queue: str,
        task_type: str,
        singles: Sequence[tuple[str, int]],
        wholes: Sequence[tuple[str, int]],
    ) -> tuple[dict[str, int], list[bytes | None], list[dict[str, bytes]]]:
        """What was counted: in the present minute; of one type in each single (unit, number); by
        type in each whole."""
        noted, found, whole = self._scripts._run(
            "history", queue, type=task_type, singles=json.dumps(singles), wholes=json.dumps(wholes)
        )
        return _numbers(noted), found, [_pairs(flat) for flat in whole]


def _pairs(flat: Sequence[bytes]) -> dict[str, bytes]:
    return {
        name.decode("utf-8", "replace"): value
        for name, value in zip(flat[::2], flat[1::2], strict=True)
    }


def _numbers(flat: Sequence[bytes]) -> dict[str, int]:
    return {name: int(value) for name, value in _pairs(flat).items()}
