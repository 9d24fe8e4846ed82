"""Huey's storage on top of the scripts: a claimed task is leased, never popped.

Results and counters of Huey's own API are keys with a life time in the result backend, as in Huey's
RedisExpireStorage; the outcome of a task is stored before its state says so, or with it. What a
worker holds, and has to commit, is in its `Slot`.
"""

import contextlib
import datetime as dt
import math
import threading
import uuid
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any

from huey.constants import EmptyData
from huey.storage import RedisExpireStorage
from huey.utils import utcnow

from huey_tasks import serializer
from huey_tasks.broker import huey_keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.connection import redis_errors
from huey_tasks.broker.protocol import Claim, Commit, NewTask
from huey_tasks.execution.attempt import current_attempt
from huey_tasks.execution.slot import Slot
from huey_tasks.execution.worker_table import Cell
from huey_tasks.huey_adapter.encoding import as_huey_writes
from huey_tasks.huey_adapter.together import Together
from huey_tasks.records import copies, indexes, locks, node_tasks, outcomes


class TaskMessage(bytes):
    """A serialised task that still knows what the storage keeps beside it."""

    task: NewTask

    @classmethod
    def of(cls, task: NewTask, written: bytes) -> "TaskMessage":
        """The bytes that Huey has written for a task, with the task."""
        message = cls(written)
        message.task = task
        return message


class ReliableStorage(RedisExpireStorage):
    """The queue of one Huey instance, on the broker and the result backend."""

    priority = True

    def __init__(
        self,
        name: str,
        *,
        broker: Broker,
        elsewhere: Sequence[Broker] = (),
        blocking: bool = True,
        read_timeout: float = 1.0,
    ) -> None:
        self.broker = broker
        #: The other queues, where the other tasks of a pipeline may be.
        self._elsewhere = elsewhere
        super().__init__(
            name,
            expire_time=math.ceil(broker.ttl_ms / 1000),
            blocking=blocking,
            read_timeout=read_timeout,
            connection_pool=broker.results.connection_pool,
        )
        # Huey's own names for them know no prefix.
        self.result_prefix = huey_keys.result(name, "").encode()
        self.counter_prefix = huey_keys.counter(name, "").encode()
        self.result_key = partial(_key, self.result_prefix)
        self.counter_key = partial(_key, self.counter_prefix)
        self.on_settled: Callable[[Commit, bool], None] = lambda commit, accepted: None
        self._local = threading.local()
        #: What is enqueued at once.
        self.together = Together(broker)
        self._at_the_bell: dict[str, threading.Lock] = {}

    # ---- a worker's slot

    #: See `Slot.large_ttl_ms`; the function host sets it.
    large_ttl_ms: int | None = None

    def open_slot(self, worker: str, cell: Cell | None = None, only: str | None = None) -> Slot:
        """Give the calling thread or greenlet its slot; a new one each time, never used before."""
        slot = Slot(worker, self.broker, cell=cell, on_settled=self.on_settled, only=only)
        slot.large_ttl_ms = self.large_ttl_ms
        self._local.slot = slot
        return slot

    @contextlib.contextmanager
    def own_slot(self, worker: str) -> Generator[Slot]:
        """Give the calling thread another slot inside the block, and then its own one again."""
        before: Slot | None = getattr(self._local, "slot", None)
        try:
            yield self.open_slot(worker)
        finally:
            self._local.slot = before

    @property
    def slot(self) -> Slot:
        """The slot of the calling thread or greenlet."""
        slot: Slot | None = getattr(self._local, "slot", None)
        return slot or self.open_slot(f"{self.name}@client")

    def claim(self) -> Claim | None:
        """Claim a task; wait up to `read_timeout` for one."""
        slot = self.slot
        claim = None if slot.idle and self.blocking else slot.claim()
        # Beside a consumer: room may appear in another queue, which rings no bell here.
        if claim is None and self.blocking and (self._wait_for_bell(slot) or slot.only):
            claim = slot.claim()
        return claim

    def _wait_for_bell(self, slot: Slot) -> bool:
        """Wait for the bell, one greenlet of a pool at a time: idle pools would keep Redis busy."""
        lock = self._at_the_bell.setdefault(slot.only, threading.Lock())
        if not lock.acquire(timeout=self.read_timeout):
            return False
        try:
            return self.broker.wait_for_bell(slot.bells, self.read_timeout)
        finally:
            lock.release()

    # ---- Huey's storage verbs

    def enqueue(self, data: bytes, priority: float | None = None) -> None:
        """Put a task in the queue, or on the schedule when it has a delay."""
        with self.together.block() as (tasks, _):
            tasks.append(_new_task(data, priority))

    def dequeue(self) -> bytes | None:
        """Claim a task and return its bytes; the lease stays with the calling thread's slot."""
        claim = self.claim()
        return None if claim is None else as_huey_writes(claim.message, claim.id)

    def add_to_schedule(self, data: bytes, ts: dt.datetime) -> None:
        """Store a task that becomes due at `ts` (naive UTC, as Huey computes it)."""
        delay_ms = max(math.ceil((ts - utcnow()).total_seconds() * 1000), 0)
        self.broker.scripts.submit(self.name, [_new_task(data)._replace(delay_ms=delay_ms)])

    def read_schedule(self, ts: dt.datetime) -> list[bytes]:
        """Promote what is due, in one step in Redis; Huey's scheduler gets nothing to lose."""
        self.broker.scripts.promote(self.name, lease_ms=self.broker.lease_ms)
        return []

    def queue_size(self) -> int:
        return indexes.size(self.broker, "PENDING")

    def schedule_size(self) -> int:
        return indexes.size(self.broker, "SCHEDULED") + indexes.size(self.broker, "RETRY")

    def enqueued_items(self, limit: int | None = None) -> list[bytes]:
        return self._messages("PENDING", limit=limit)

    def scheduled_items(self, limit: int | None = None) -> list[bytes]:
        return self._messages("SCHEDULED", "RETRY", limit=limit)

    def flush_queue(self) -> None:
        self._cancel_all("PENDING")

    def flush_schedule(self) -> None:
        self._cancel_all("SCHEDULED")
        self._cancel_all("RETRY")

    def put_data(self, key: str | bytes, value: bytes, is_result: bool = False) -> None:
        """Store a value; the revocation of one task is kept no longer than a result.

        The broker stores first that there is one, because the answer to a claim says so.
        """
        of_task, of_type = str(key).startswith("r:"), str(key).startswith("rt:")
        if of_task:
            self.broker.note_revocations("tasks", ttl_ms=self.broker.ttl_ms)
        elif of_type:
            self.broker.note_revocations("types")
        super().put_data(key, value, is_result or of_task)

    def peek_data(self, key: str | bytes) -> Any:
        """Read a value; a task's id gives the outcome that its state names."""
        found = self._own_outcomes([key])[0] if isinstance(key, str) else EmptyData
        if found is not EmptyData:
            return serializer.dumps(found)
        value = super().peek_data(key)
        return self._inherited([key]).get(key, value) if value is EmptyData else value

    pop_data = peek_data

    def outcomes(self, places: Sequence[str | serializer.NodeResult]) -> list[Any]:
        """What each task, or node, returned, or its Error; EmptyData for one that has neither.

        One that never ran, because a task before it in its pipeline failed, has that one's Error.
        """
        task_ids = [
            place if isinstance(place, str) else node_tasks.id_of(self.broker, place)
            for place in places
        ]
        inherited = self._inherited(task_ids)
        return [
            serializer.loads(inherited[task_id])
            if own is EmptyData and task_id in inherited
            else own
            for task_id, own in zip(task_ids, self._own_outcomes(task_ids), strict=True)
        ]

    def _inherited(self, task_ids: Sequence[Any]) -> dict[Any, bytes]:
        """Return the errors of tasks that never ran, each kept by the queue of the one before."""
        names = (self.name, *(broker.name for broker in self._elsewhere))
        wanted = [(of, f"{huey_keys.result(name, '')}{of}") for of in task_ids for name in names]
        if not wanted:
            return {}
        with redis_errors():
            values = self.broker.results.mget([key for _, key in wanted])
        found = zip(wanted, values, strict=True)
        return {task_id: value for (task_id, _), value in found if value is not None}

    def _own_outcomes(self, task_ids: Sequence[str]) -> list[Any]:
        return [
            _value(task_id, state, reason, serializer.loads(blob) if blob else {})
            for task_id, (state, reason, blob) in zip(
                task_ids, outcomes.ends_of(self.broker, self._elsewhere, task_ids), strict=True
            )
        ]

    def has_data_for_key(self, key: str | bytes) -> bool:
        if (lock := self._lock_name(key)) is not None:
            return locks.is_locked(self.broker, lock)
        return self.peek_data(key) is not EmptyData

    # ---- locks: Huey keeps them as values under a name of this form (api.py:1072)

    def put_if_empty(self, key: str | bytes, value: bytes, ttl: float | None = None) -> bool:
        """Store a value if there is none; a lock belongs to the attempt that takes it."""
        if (lock := self._lock_name(key)) is None:
            return bool(super().put_if_empty(key, value, ttl))
        attempt = current_attempt.get()
        holder = (attempt.claim.id, attempt.claim.token) if attempt is not None else ("", "")
        ttl_ms = math.ceil((ttl or 0) * 1000)
        taken = self.broker.scripts.lock(
            self.name, lock, holder, ttl_ms=ttl_ms, lease_ms=self.broker.lease_ms,
            runs_on=None if attempt is None else attempt.broker.name,
        )  # fmt: skip
        if attempt is not None and not taken:
            attempt.miss(f"lock:{lock}")
        return taken

    def delete_data(self, key: str | bytes) -> bool:
        """Delete a value; inside of a task only its own lock, elsewhere any lock."""
        if (lock := self._lock_name(key)) is None:
            return bool(super().delete_data(key))
        attempt = current_attempt.get()
        token = "*" if attempt is None else attempt.claim.token
        return self.broker.scripts.unlock(self.name, lock, token)

    def _lock_name(self, key: str | bytes) -> str | None:
        start = f"{self.name}.lock."
        return key.removeprefix(start) if isinstance(key, str) and key.startswith(start) else None

    def result_store_size(self) -> int:
        return (
            int(super().result_store_size())
            + indexes.size(self.broker, "SUCCESS")
            + indexes.size(self.broker, "FAILURE")
        )

    def result_items(self) -> dict[str, bytes]:
        """Read every value, the outcomes of ended tasks among them, all at once."""
        ended = [
            row for state in ("SUCCESS", "FAILURE") for row in indexes.in_order(self.broker, state)
        ]
        task_ids = [task_id for task_id, _ in ended]
        values = zip(task_ids, self._own_outcomes(task_ids), strict=True)
        outcomes = {key: serializer.dumps(value) for key, value in values if value is not EmptyData}
        return {**super().result_items(), **outcomes}

    def _messages(self, *states: str, limit: int | None) -> list[bytes]:
        rows = [row for state in states for row in indexes.in_order(self.broker, state, limit)]
        first = sorted(rows, key=lambda row: row[1])[:limit]
        task_ids = [task_id for task_id, _ in first]
        found = zip(task_ids, copies.messages_of(self.broker, task_ids), strict=True)
        return [as_huey_writes(message, of) for of, message in found if message is not None]

    def _cancel_all(self, state: str) -> None:
        for task_id, _ in indexes.in_order(self.broker, state):
            self.broker.scripts.cancel(self.name, task_id, "flushed")


def _new_task(data: bytes, priority: float | None = None) -> NewTask:
    """What to store for some bytes; Huey's own callers may not tell whose they are."""
    if isinstance(data, TaskMessage):
        return data.task
    return NewTask(str(uuid.uuid4()), data, "", priority=int(priority or 0))


def _value(task_id: str, state: str, reason: str, outcome: dict[str, Any]) -> Any:
    if state == "SUCCESS" and "result" in outcome:
        return outcome["result"]
    if state != "FAILURE":
        return EmptyData
    error = outcome if "error" in outcome else {"error": reason, "traceback": None}
    return serializer.Error({"task_id": task_id, "retries": 0, **error})


def _key(prefix: bytes, name: str | bytes) -> bytes:
    return prefix + (name if isinstance(name, bytes) else name.encode())
