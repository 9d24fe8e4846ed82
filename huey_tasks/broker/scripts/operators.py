"""The scripts for operators: search, history, failure groups, bulk actions, undo."""

import json
import secrets
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from huey_tasks.broker.protocol import Argument, NewTask
from huey_tasks.broker.script_runner import Call
from huey_tasks.broker.scripts.tasks import ONLINE_MS, Scripts, numbers_of

#: What happened to a task: what was asked for; or Redis was full. Any other word is its state.
DONE, FULL = "done", "full"

#: States from which a task is cancelled; `cancel` answers with the state that it was in.
CANCELLABLE = frozenset({"PENDING", "SCHEDULED", "RETRY", "STARTED"})

#: Milliseconds. A lease that ended longer ago should have been recovered.
OVERDUE_MS = 5000

#: Failure groups that one call reads: up to 40 µs of Redis each.
GROUPS = 40

#: Bytes. A message that is larger is not read for a table.
LARGEST_MESSAGE = 65536


class Place(NamedTuple):
    """Where a task is in an index, the newest first: its score, and its id."""

    score: float
    id: str

    def texts(self) -> tuple[str, str]:
        """Return the place as a script reads it."""
        return ("+inf" if self.score == float("inf") else f"{self.score:.17g}"), self.id


class Match(NamedTuple):
    """A task that a search has found: its place, and when it was submitted, in ms."""

    place: Place
    submitted_ms: float


class Look(NamedTuple):
    """What one call of `search` has seen."""

    done: bool
    looked_at: int
    reached: Place
    matches: list[Match]


class SeenGroup(NamedTuple):
    """A group of failed tasks of one queue, as Redis keeps it; `sample` is "" if none is left."""

    fingerprint: str
    tasks: int
    retryable: int
    sample: str
    fields: dict[str, str]


class SeenFailures(NamedTuple):
    """The failures of a queue: the time in ms, how many there are, and their groups."""

    now_ms: float
    failed: int
    groups: list[SeenGroup]


class SeenTask(NamedTuple):
    """One look at a task that may wait, and at its queue; `over_ms` is the time of the starts.

    `mode_by`, `mode_why`, `mode_at` (ms): who set the mode, why and when; "" if nobody has.
    """

    now_ms: float
    fields: list[bytes | None]
    mode: str
    place: int
    waiting: int
    starts: int
    over_ms: float
    knowing: tuple[str, ...]  # the live consumers that know its type
    others: tuple[str, ...]
    mode_by: str
    mode_why: str
    mode_at: str


class SeenTotals(NamedTuple):
    """One look at what a queue has counted since the beginning; sums are JSON, by type.

    `noted`: the current minute, which is not in `sums` yet. `overdue`: leases that ended more than
    OVERDUE_MS ago, and the task was not recovered. `numbers`: those of `stats`, read just before.
    """

    numbers: dict[str, Any]
    sums: dict[str, bytes]
    noted: dict[str, int]
    counters: dict[str, bytes]
    overdue: int


class Restored(NamedTuple):
    """What one call of `restore` has done."""

    looked_at: int
    restored: int
    left: int


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
        done, looked_at, score, task_id, found = self._scripts.run(
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
        """Return the time in ms, and the fields of each task; [] for a task that is gone."""
        now, rows = 0.0, list[list[bytes | None]]()
        while len(rows) < len(task_ids):
            rest = task_ids[len(rows) :]
            now, *more = self._scripts.run("rows", queue, *rest, largest=LARGEST_MESSAGE)
            rows += more
        return float(now), rows

    def failures(self, queues: Iterable[str], wanted: str = "") -> list[SeenFailures]:
        """Return the groups of each queue, or the wanted one, the newest first.

        Redis serves others between two calls, so groups may come and go meanwhile.
        """
        return [self._failures(queue, [wanted] if wanted else []) for queue in queues]

    def _failures(self, queue: str, wanted: Sequence[str]) -> SeenFailures:
        now, failed, groups, others = self._scripts.run("failures", queue, *wanted, most=GROUPS)
        while others:
            _, _, more, others = self._scripts.run("failures", queue, *others, most=GROUPS)
            groups += more
        return SeenFailures(float(now), failed, [_seen_group(*group) for group in groups])

    def explain(
        self, queue: str, task_id: str, *, minutes: int, task_type: str = ""
    ) -> SeenTask | None:
        """Return a task, its queue, and the starts of the last minutes; None if it is gone.

        Without an id: as they are for a task of that type that would be stored now.
        """
        seen = self._scripts.run(
            "explain", queue, id=task_id, task_type=task_type, minutes=minutes, online_ms=ONLINE_MS
        )
        if not seen:
            return None
        now, fields, mode, place, waiting, starts, over_ms, *more = seen
        knowing, others = (tuple(name.decode() for name in names) for names in more[:2])
        by, why, at = [text.decode("utf-8", "replace") for text in more[2:]]
        return SeenTask(
            float(now), fields, mode.decode(), place, waiting, int(starts), float(over_ms),
            knowing, others, by, why, at,
        )  # fmt: skip

    def history(
        self,
        queue: str,
        task_type: str,
        singles: Sequence[tuple[str, int]],
        wholes: Sequence[tuple[str, int]],
    ) -> tuple[dict[str, int], list[bytes | None], list[dict[str, bytes]], float | None]:
        """Return the counts: in the current minute; of one type in each single (unit, number); by
        type in each whole; and the time of the first count (ms), None if there is none."""
        noted, found, whole, since_ms = self._scripts.run(
            "history", queue, type=task_type, singles=json.dumps(singles), wholes=json.dumps(wholes)
        )
        return _numbers(noted), found, [_pairs(flat) for flat in whole], float(since_ms) or None

    def totals(self, queues: Iterable[str]) -> list[SeenTotals]:
        """Return the numbers and totals of each queue, all in one round trip."""
        names, room = list(queues), self._scripts.bounds
        calls = [("stats", Call(each, {"online_ms": ONLINE_MS, "room": room})) for each in names]
        calls += [("totals", Call(queue, {"late_ms": OVERDUE_MS})) for queue in names]
        replies = self._scripts.run_together(calls)
        return [
            SeenTotals(numbers_of(flat), _pairs(sums), _numbers(noted), _pairs(counters), overdue)
            for flat, (sums, noted, counters, overdue) in zip(
                replies[: len(names)], replies[len(names) :], strict=True
            )
        ]

    def beats(self, queues: Iterable[str]) -> list[list[tuple[str, int]]]:
        """Return the consumers of each queue that have not left, in one round trip.

        Each with the milliseconds since its last heartbeat, the latest first; 100 at most.
        """
        calls = [Call(queue, {"most": 100}) for queue in queues]
        return [
            [(id.decode(), ms) for id, ms in reply]
            for reply in self._scripts.run_many("beats", calls)
        ]

    def requeue(self, queue: str, task_ids: Sequence[str], operation: str) -> list[str]:
        """Queue tasks that wait for their time; for each DONE, its other state, or ''."""
        answers = self._scripts.run("requeue", queue, *task_ids, operation=operation)
        return [answer.decode() for answer in answers]

    def delete(self, queue: str, task_ids: Sequence[str], operation: str) -> list[str]:
        """Take ended tasks away; for each DONE, its other state, or ''. []: it is over."""
        answers = self._scripts.run("delete", queue, *task_ids, operation=operation)
        return [answer.decode() for answer in answers]

    def restore(self, queue: str, undo: str, limit: int, operation: str) -> Restored:
        """Bring back some of what the operation `undo` has deleted."""
        done = self._scripts.run(
            "restore", queue, undo=undo, limit=limit, operation=operation,
            request=secrets.token_hex(8),
        )  # fmt: skip
        return Restored(*done)


def cancel_all(
    scripts: Scripts,
    queue: str,
    task_ids: Sequence[str],
    reason: str,
    *,
    request: str,
    operation: str,
) -> list[str]:
    """Revoke tasks, each on its own; for each DONE, its other state, or ''."""
    shared: dict[str, Argument] = {
        "reason": reason,
        "request": request,
        "operation": operation,
    }
    calls = [Call(queue, {"id": task_id, **shared}) for task_id in task_ids]
    answers = [_word(state) for state in scripts.run_many("cancel", calls)]
    return [DONE if state in CANCELLABLE else state for state in answers]


def retry_all(
    scripts: Scripts,
    queue: str,
    pairs: Sequence[tuple[str, NewTask]],
    operation: str,
    *,
    undo: str = "",
) -> list[str]:
    """Submit ended tasks again, in this order: pairs of the old id and the new task.

    One that was retried before is skipped, also if the task that followed it is gone.
    For each DONE, its other state, '' if it is unknown, FULL if Redis had no room for it.
    """
    shared: dict[str, Argument] = {"undo": undo, "again": "", "operation": operation}
    calls = [Call(queue, {"id": task_id, **shared}, new.arguments()) for task_id, new in pairs]
    replies = scripts.run_many("retry", calls)
    return [
        DONE if reply and reply[1].decode() == new.id else _word(reply and reply[0])
        for (_, new), reply in zip(pairs, replies, strict=True)
    ]


def _word(reply: bytes | None) -> str:
    return FULL if reply is None else reply.decode()


def _seen_group(
    fingerprint: bytes, tasks: int, retryable: int, sample: bytes, flat: list[bytes]
) -> SeenGroup:
    texts = [part.decode("utf-8", "replace") for part in flat]
    fields = dict(zip(texts[::2], texts[1::2], strict=True))
    return SeenGroup(fingerprint.decode(), tasks, retryable, sample.decode(), fields)


def _pairs(flat: Sequence[bytes]) -> dict[str, bytes]:
    return {
        name.decode("utf-8", "replace"): value
        for name, value in zip(flat[::2], flat[1::2], strict=True)
    }


def _numbers(flat: Sequence[bytes]) -> dict[str, int]:
    return {name: int(value) for name, value in _pairs(flat).items()}
