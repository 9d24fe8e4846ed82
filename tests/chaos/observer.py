"""Looks at Redis during and after the storm: what state each task is in, who holds what.

A terminal state is kept as it was first seen; the looks at the end must show the same.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.broker.connection import redis_errors
from huey_tasks.broker.protocol import DELIVERY_TYPE
from huey_tasks.queues import BROKERS
from huey_tasks.records import tasks
from tests.chaos import ledger
from tests.chaos.history import TERMINAL, Child, Sighting

#: Seconds between two looks. Shorter than a lease, so that a claim nobody knows of is seen.
PACE_S = 0.4

#: The key of a task that posts a webhook; what arrives is judged, not how.
DELIVERY = "delivery"

_ACTIVE = ("PENDING", "STARTED", "RETRY", "SCHEDULED")


class Observer:
    """Keeps what it sees."""

    def __init__(self, known_ids: Callable[[], Iterable[str]], ledger_file: Path) -> None:
        self._known_ids, self._ledger = known_ids, ledger_file
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="observer")
        self.sightings: dict[str, list[Sighting]] = defaultdict(list)
        self.claims: set[tuple[str, str]] = set()
        self.outlived: list[str] = []

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(PACE_S):
            try:
                self._note_claims()
                open_ids = [i for i in self._known_ids() if i not in self.sightings]
                for sighting in look(open_ids):
                    if sighting.state in TERMINAL:
                        self.sightings[sighting.task_id].append(sighting)
                        self._look_for_children(sighting)
            except tq.QueueUnavailable:  # Redis is down just now
                continue

    def _look_for_children(self, ended: Sighting) -> None:
        """What the attempt had started has ended with it, before its outcome was written."""
        for child in ledger.children(self._ledger):
            if (child.task_id, child.token) == (ended.task_id, ended.result) and _runs(child):
                self.outlived.append(f"process {child.pid} of {ended.key} {ended.task_id}")

    def look_for_leftovers(self) -> None:
        """At the end nothing is left of any attempt, however it ended."""
        for child in filter(_runs, ledger.children(self._ledger)):
            self.outlived.append(f"process {child.pid} of {child.task_id}, at the end")

    def _note_claims(self) -> None:
        broker = tq.default.broker.redis
        with redis_errors():
            started = broker.zrange(keys.index("default", "STARTED"), 0, -1)
            with broker.pipeline(transaction=False) as pipe:
                for task_id in started:
                    pipe.hget(keys.task("default", task_id.decode()), "token")
                tokens = pipe.execute()
        pairs = zip(started, tokens, strict=True)
        self.claims |= {(task_id.decode(), token.decode()) for task_id, token in pairs if token}

    def look_at_all(self) -> None:
        """Read every task that is in Redis, whatever client submitted it, but those of ours."""
        with redis_errors():
            found = tq.default.broker.redis.scan_iter(match="*:task:*", count=1000)
            ids = [key.decode().rpartition(":")[2] for key in found]
        for sighting in look(ids):
            if sighting.key != DELIVERY:
                self.sightings[sighting.task_id].append(sighting)


def look(ids: Iterable[str]) -> list[Sighting]:
    """Read these tasks, wherever they are; one that cannot be read is in no state that counts."""
    pairs = [(queue, task_id) for task_id in ids for queue in tq.QUEUES]
    try:
        return [_sighting(record) for record in tasks.load(BROKERS, pairs)]
    except (LookupError, ValueError) as error:
        if len(ids := sorted({task_id for _, task_id in pairs})) > 1:
            return [sighting for task_id in ids for sighting in look([task_id])]
        return [Sighting(ids[0], "", f"unreadable ({error!r})")]


def _runs(child: Child) -> bool:
    try:
        process = psutil.Process(child.pid)
        same = process.create_time() == child.born_at
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def live() -> int:
    """How many tasks have not ended, as the indexes of all queues count them."""
    numbers = tq.default.broker.scripts.stats(tq.QUEUES)
    return sum(queue[state] for queue in numbers for state in _ACTIVE)


def _sighting(record: tq.TaskRecord) -> Sighting:
    return Sighting(
        record.task_id,
        DELIVERY if record.task_type == DELIVERY_TYPE else str(record.payload.get("key", "")),
        record.status.value,
        record.attempt,
        record.deliveries,
        record.crashes,
        record.result,
        record.submitted_at.timestamp(),
        record.finished_at.timestamp() if record.finished_at else None,
    )
