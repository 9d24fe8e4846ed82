"""The scripts of those who watch tasks. Knows the form of an event, not what it means."""

from collections.abc import Sequence
from typing import NamedTuple

from huey_tasks.broker.script_runner import Call, ScriptRunner
from huey_tasks.errors import QueueUnavailable

#: Milliseconds for which scripts go on adding events after the last one who watched has asked: who
#: comes back within that time has missed nothing.
WATCHED_MS = 120_000

#: Before the first event.
BEGINNING = "-"


class Entry(NamedTuple):
    """An event as it is kept: its id, and what the script wrote."""

    id: str
    fields: dict[bytes, bytes]

    @property
    def is_of_task(self) -> bool:
        """Whether it is more than the mark with which the stream begins."""
        return self.fields[b"id"] != b""


class Entries(NamedTuple):
    """Events behind an event, and the ids of the first and the last that are kept."""

    first: str
    last: str
    entries: list[Entry]


class Watched(NamedTuple):
    """A task as it was right after the event `last`: its hash, its log, its partial results."""

    last: str
    fields: dict[bytes, bytes]
    log: Sequence[bytes]
    partials: Sequence[bytes]


class EventScripts:
    """More scripts on the Redis of `scripts`. Raises QueueUnavailable as those do."""

    def __init__(self, scripts: ScriptRunner) -> None:
        self._scripts = scripts

    def events(self, queue: str, behind: str, limit: int) -> Entries:
        """Read up to `limit` events of all queues, and have them kept from now on.

        `queue`: any queue of the Redis that has them.
        """
        first, last, found = self._scripts.run(
            "events", queue, behind=behind, limit=limit, keep_ms=WATCHED_MS
        )
        entries = [Entry(entry_id.decode(), _pairs(flat)) for entry_id, flat in found]
        return Entries(first.decode(), last.decode(), entries)

    def watch(self, queues: Sequence[str], task_id: str) -> tuple[str, Watched] | None:
        """Read a task and have events kept from now on; its queue, or None if it is in none.

        Raises QueueUnavailable also for a Redis that is too full to begin.
        """
        calls = [Call(queue, {"id": task_id, "keep_ms": WATCHED_MS}) for queue in queues]
        for queue, found in zip(queues, self._scripts.run_many("watch", calls), strict=True):
            if found is None:
                raise QueueUnavailable("Redis cannot take it now.", "it is full")
            if found:
                last, flat, log, partials = found
                return queue, Watched(last.decode(), _pairs(flat), log, partials)
        return None


def _pairs(flat: Sequence[bytes]) -> dict[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True))
