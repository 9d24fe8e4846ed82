"""Huey's storage on top of the scripts: a task that was taken is leased, never popped.

Owns the slot of each worker (which tasks it holds, which commits wait to be sent). Results, locks
and counters of Huey's own API are keys with a life time in the result backend, as in Huey's
RedisExpireStorage; the outcome of a task is written there before its state says so.
"""

import datetime as dt
import math
import secrets
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from huey.constants import EmptyData
from huey.storage import RedisExpireStorage
from huey.utils import utcnow

from huey_tasks import keys, serializer
from huey_tasks.board import Cell
from huey_tasks.connection import connect, redis_errors
from huey_tasks.scripts import Claim, Commit, NewTask, Scripts


class TaskMessage(bytes):
    """A serialised task that still knows what the storage keeps beside it."""

    task: NewTask

    @classmethod
    def of(cls, task: NewTask) -> "TaskMessage":
        """The bytes of a task, with the task."""
        message = cls(task.message)
        message.task = task
        return message


@dataclass
class Slot:
    """One worker as Redis knows it: its name, its step number and what it has not yet committed."""

    id: str
    cell: Cell | None = None
    sequence: int = 0
    unanswered: bool = False
    commits: list[tuple[Commit, bytes | None]] = field(default_factory=list[Any])


class ReliableStorage(RedisExpireStorage):
    """The queue of one Huey instance, on the broker and the result backend."""

    priority = True

    def __init__(
        self,
        name: str,
        *,
        broker_url: str,
        result_url: str,
        result_ttl_s: float,
        lease_s: float,
        blocking: bool = True,
        read_timeout: float = 1.0,
    ) -> None:
        results = connect(result_url)
        super().__init__(
            name,
            expire_time=math.ceil(result_ttl_s),
            blocking=blocking,
            read_timeout=read_timeout,
            connection_pool=results.connection_pool,
        )
        self.broker: Any = connect(broker_url)  # redis-py's types do not know that we get bytes
        self.scripts = Scripts(self.broker)
        self._result_scripts = Scripts(results)
        self.ttl_ms = int(result_ttl_s * 1000)
        self.lease_ms = int(lease_s * 1000)
        self.on_settled: Callable[[Commit, bool], None] = lambda commit, accepted: None
        self._local = threading.local()

    # ---- a worker's slot: claim, finish, commit

    def open_slot(self, worker: str, cell: Cell | None = None) -> Slot:
        """Give the calling thread or greenlet its slot; a new one each time, never used before."""
        self._local.slot = Slot(f"{worker}/{secrets.token_hex(4)}", cell)
        return self._local.slot

    @property
    def slot(self) -> Slot:
        """The slot of the calling thread or greenlet."""
        slot: Slot | None = getattr(self._local, "slot", None)
        return slot or self.open_slot(f"{self.name}@client")

    def claim(self) -> Claim | None:
        """Commit what is finished and claim a task; wait up to `read_timeout` for one."""
        claims = self._step(want=1)
        if not claims and self.blocking and self._wait_for_bell():
            claims = self._step(want=1)
        return claims[0] if claims else None

    def finish(self, commit: Commit, outcome: bytes | None = None) -> None:
        """Keep how an attempt ended; it is sent with the next claim, or by `flush`."""
        self.slot.commits.append((commit, outcome))

    def flush(self) -> None:
        """Send what is finished and claim nothing; a claim whose answer was lost is handed back."""
        while claims := self._step(want=0):
            for claim in claims:
                self.finish(Commit(claim.id, claim.token, "PENDING"))

    def _step(self, want: int) -> list[Claim]:
        slot = self.slot
        if want == 0 and not slot.commits and not slot.unanswered:
            return []
        self._write_outcomes(slot)
        slot.unanswered = True
        commits = [commit for commit, _ in slot.commits]
        accepted, claims = self.scripts.step(
            self.name,
            slot.id,
            slot.sequence + 1,
            commits,
            want=want,
            lease_ms=self.lease_ms,
            ttl_ms=self.ttl_ms,
        )
        slot.unanswered = False
        slot.sequence += 1
        slot.commits.clear()
        if slot.cell is not None:
            slot.cell.clear()
        for commit, ok in zip(commits, accepted, strict=True):
            self.on_settled(commit, ok)
        return claims

    def _write_outcomes(self, slot: Slot) -> None:
        outcomes = {
            keys.outcome(commit.id, commit.token): blob
            for commit, blob in slot.commits
            if blob is not None
        }
        if outcomes:
            self._result_scripts.outcome(self.name, outcomes, ttl_ms=self.ttl_ms)

    def _wait_for_bell(self) -> bool:
        with redis_errors():
            return self.broker.blpop([keys.bell(self.name)], timeout=self.read_timeout) is not None

    # ---- Huey's storage verbs

    def enqueue(self, data: bytes, priority: float | None = None) -> None:
        """Put a task in the queue, or on the schedule when it has a delay."""
        self.scripts.submit(self.name, _new_task(data))

    def dequeue(self) -> bytes | None:
        """Claim a task and return its bytes; the lease stays with the calling thread's slot."""
        claim = self.claim()
        return None if claim is None else claim.message

    def add_to_schedule(self, data: bytes, ts: dt.datetime) -> None:
        """Store a task that becomes due at `ts` (naive UTC, as Huey computes it)."""
        delay_ms = max(math.ceil((ts - utcnow()).total_seconds() * 1000), 1)
        self.scripts.submit(self.name, replace(_new_task(data), delay_ms=delay_ms))

    def read_schedule(self, ts: dt.datetime) -> list[bytes]:
        """Queue what is due, in one step in Redis; Huey's scheduler gets nothing to lose."""
        self.scripts.promote(self.name)
        return []

    def queue_size(self) -> int:
        return self._size("PENDING")

    def schedule_size(self) -> int:
        return self._size("SCHEDULED") + self._size("RETRY")

    def enqueued_items(self, limit: int | None = None) -> list[bytes]:
        return self._messages("PENDING", limit)

    def scheduled_items(self, limit: int | None = None) -> list[bytes]:
        return [*self._messages("RETRY", limit), *self._messages("SCHEDULED", limit)][:limit]

    def flush_queue(self) -> None:
        self._cancel_all("PENDING")

    def flush_schedule(self) -> None:
        self._cancel_all("SCHEDULED")
        self._cancel_all("RETRY")

    def put_data(self, key: str | bytes, value: bytes, is_result: bool = False) -> None:
        """Store a value; the revocation of one task is kept no longer than a result."""
        super().put_data(key, value, is_result or str(key).startswith("r:"))

    def peek_data(self, key: str | bytes) -> Any:
        """Read a value; a task's id gives the outcome that its state names."""
        value = super().peek_data(key)
        if value is not EmptyData or not isinstance(key, str):
            return value
        with redis_errors():
            fields = self.broker.hmget(keys.task(self.name, key), ["state", "outcome"])
            blob = fields[1] and self.conn.get(keys.outcome(key, fields[1].decode()))
        if not blob or fields[0] not in (b"SUCCESS", b"FAILURE"):
            return EmptyData
        outcome = serializer.loads(blob)
        return serializer.dumps(
            outcome["result"] if "result" in outcome else serializer.Error(outcome)
        )

    pop_data = peek_data

    def has_data_for_key(self, key: str | bytes) -> bool:
        return self.peek_data(key) is not EmptyData

    def _size(self, state: str) -> int:
        with redis_errors():
            return int(self.broker.zcard(keys.index(self.name, state)))

    def _messages(self, state: str, limit: int | None) -> list[bytes]:
        with redis_errors():
            ids = self.broker.zrange(keys.index(self.name, state), 0, (limit or 0) - 1)
            with self.broker.pipeline(transaction=False) as pipe:
                for task_id in ids:
                    pipe.hget(keys.task(self.name, task_id.decode()), "message")
                return [message for message in pipe.execute() if message is not None]

    def _cancel_all(self, state: str) -> None:
        with redis_errors():
            ids = self.broker.zrange(keys.index(self.name, state), 0, -1)
        for task_id in ids:
            self.scripts.cancel(self.name, task_id.decode(), "flushed", ttl_ms=self.ttl_ms)


def _new_task(data: bytes) -> NewTask:
    """What to store for some bytes; Huey's own callers may not tell whose they are."""
    if isinstance(data, TaskMessage):
        return data.task
    return NewTask(str(uuid.uuid4()), data, "")
