"""What each worker runs right now, in memory shared by a supervisor and its worker processes.

One cell a worker. The worker writes which attempt it has begun and what of it runs (`Phase`); the
supervisor reads it to renew leases and to blame a task for a death, and writes which attempt to
stop. A token names the attempt, so a stop meant for one attempt never reaches the next. What is
claimed and not begun is in no cell. Knows nothing of Redis.
"""

import math
import mmap
import os
import struct
import tempfile
import time
from dataclasses import dataclass
from enum import IntEnum

from huey_tasks.execution.batching import MOST

#: Bytes that an id may have.
ID_BYTES = 36

_HELD = struct.Struct(
    f"<B d d I {ID_BYTES}s 100s 128s"
)  # phase, started, deadline, attempt, id, token, type
_DEADLINE, _DEADLINE_AT = struct.Struct("<d"), 9
_STOP = struct.Struct("<B 100s")  # why, token
_STOP_AT = 448
_REVOCATIONS_AT = 560
_REVOKED_AT = 576
_REVOKED_SIZE, _REVOKED_COUNT = 32, 2 * MOST
_COUNT = struct.Struct("<I")
_NOTHING = bytes(_COUNT.size)
_WAITS_AT, _WAITS_SIZE = 288, 160
_RETIRES = struct.Struct("<B 36s 128s 155s")  # whether, spoilt or not; id, type, why
_RETIRES_AT = _REVOKED_AT + _REVOKED_SIZE * _REVOKED_COUNT
_CELL_SIZE = _RETIRES_AT + _RETIRES.size


class Phase(IntEnum):
    """What the worker does with the attempt that it holds. Any of it may end the process."""

    AROUND = 0  # the message is read, hooks run, before or after the task's own code
    BODY = 1  # the task's own code runs, and may be interrupted
    INTERRUPTED = 2  # it still runs, and has been interrupted; once is enough
    ENDED = 3  # how it has ended is known and waits for its commit


_BODY = (Phase.BODY, Phase.INTERRUPTED)


class StopReason(IntEnum):
    """Why a supervisor interrupts a running attempt."""

    NONE = 0
    CANCEL = 1  # the task was revoked: its outcome is not wanted any more
    RELEASE = 2  # the consumer stops: the task returns to its queue
    OVERDUE = 3  # it has ignored its time limit: its outcome is written already
    LOST = 4  # its lease is over: another attempt may run

    @property
    def is_final(self) -> bool:
        """Whether nothing that the attempt does from now on counts."""
        return self not in (StopReason.NONE, StopReason.RELEASE)


@dataclass(frozen=True)
class Held:
    """The attempt that a worker holds.

    `started_at` in Unix seconds by the worker's clock; `deadline`, when its time limit is over, by
    time.monotonic(), which all processes of a machine share; infinite without a limit.
    """

    task_id: str
    token: str
    task_type: str
    attempt: int
    started_at: float
    deadline: float
    phase: Phase

    @property
    def in_body(self) -> bool:
        """Whether the task's own code runs."""
        return self.phase in _BODY


@dataclass(frozen=True)
class Retirement:
    """Why a worker takes no other task, and after which one.

    `spoilt`: because of what that one has done; else it was only the last one of many.
    """

    task_id: str
    task_type: str
    why: str
    spoilt: bool


class Cell:
    """One worker's part of the table."""

    def __init__(self, memory: mmap.mmap, index: int) -> None:
        self._memory = memory
        self._at = index * _CELL_SIZE
        self._revocations = 0
        self.index = index

    def hold(self, task_id: str, token: str, task_type: str, attempt: int) -> None:
        """Record that this worker begins an attempt, before anything of it is read or run."""
        packed = (task_id.encode(), token.encode(), task_type.encode()[:128])
        _HELD.pack_into(self._memory, self._at, 0, time.time(), math.inf, attempt, *packed)

    def limit(self, timeout_s: float) -> None:
        """Record that the time limit of the attempt begins now."""
        _DEADLINE.pack_into(self._memory, self._at + _DEADLINE_AT, time.monotonic() + timeout_s)

    def clear(self) -> None:
        """Record that this worker holds nothing."""
        _HELD.pack_into(self._memory, self._at, 0, 0.0, 0.0, 0, b"", b"", b"")

    def enter(self, phase: Phase) -> None:
        """Record the phase of the attempt."""
        self._memory[self._at] = phase

    @property
    def in_body(self) -> bool:
        """Whether the task's own code runs; cheaper than `held`."""
        return self._memory[self._at] in _BODY

    def held(self) -> Held | None:
        """What the worker holds; None for nothing, and for a cell that is being written."""
        raw = self._memory[self._at : self._at + _HELD.size]
        if raw != self._memory[self._at : self._at + _HELD.size]:
            return None
        phase, started_at, deadline, attempt, task_id, token, task_type = _HELD.unpack(raw)
        if not task_id.strip(b"\0"):
            return None
        texts = [part.rstrip(b"\0").decode("utf-8", "replace") for part in (task_id, token)]
        name = task_type.rstrip(b"\0").decode("utf-8", "replace")
        return Held(texts[0], texts[1], name, attempt, started_at, deadline, Phase(phase))

    def wait_for_redis(self, cause: str) -> None:
        """Say why this worker waits for Redis; "" when it does not any more."""
        packed = cause.encode()[:_WAITS_SIZE].ljust(_WAITS_SIZE, b"\0")
        self._memory[self._at + _WAITS_AT : self._at + _WAITS_AT + _WAITS_SIZE] = packed

    def waits_because(self) -> str:
        """Why it waits for Redis; "" if it does not."""
        raw = self._memory[self._at + _WAITS_AT : self._at + _WAITS_AT + _WAITS_SIZE]
        return raw.rstrip(b"\0").decode("utf-8", "replace")

    def retire(self, retirement: Retirement) -> None:
        """Record that this worker ends by itself, to be replaced."""
        texts = (retirement.task_id, retirement.task_type, retirement.why)
        packed = [text.encode() for text in texts]
        at = self._at + _RETIRES_AT
        _RETIRES.pack_into(self._memory, at, 2 if retirement.spoilt else 1, *packed)

    def take_retirement(self) -> Retirement | None:
        """Return, once, what the worker recorded by `retire`."""
        at = self._at + _RETIRES_AT
        kind, *packed = _RETIRES.unpack_from(self._memory, at)
        self._memory[at] = 0
        texts = [text.rstrip(b"\0").decode("utf-8", "replace") for text in packed]
        return Retirement(*texts, spoilt=kind == 2) if kind else None

    def request_stop(self, token: str, reason: StopReason) -> None:
        """Ask the worker to stop the attempt with this token, and no other."""
        _STOP.pack_into(self._memory, self._at + _STOP_AT, reason, token.encode())

    def stop_reason(self, token: str) -> StopReason:
        """Why the attempt with this token is to stop; NONE if it is not."""
        if not self._memory[self._at + _STOP_AT]:
            return StopReason.NONE
        reason, wanted = _STOP.unpack_from(self._memory, self._at + _STOP_AT)
        return StopReason(reason) if wanted.rstrip(b"\0") == token.encode() else StopReason.NONE

    def revoke(self, token: str) -> None:
        """Keep the worker from beginning the attempt with this token, if it holds the claim.

        Those of two batches are kept, which is what a worker has claimed and not begun at most:
        one, and as many as come with the step that is under way.
        """
        at = self._at + _REVOKED_AT + self._revocations % _REVOKED_COUNT * _REVOKED_SIZE
        self._memory[at : at + _REVOKED_SIZE] = _mark(token)
        self._revocations += 1
        _COUNT.pack_into(self._memory, self._at + _REVOCATIONS_AT, self._revocations)

    def is_revoked(self, token: str) -> bool:
        """Whether the attempt with this token must not begin."""
        at = self._at + _REVOCATIONS_AT
        if self._memory[at : at + _COUNT.size] == _NOTHING:
            return False  # which is nearly always so, and this is asked for every task
        first = self._at + _REVOKED_AT
        return _mark(token) in self._memory[first : first + _REVOKED_SIZE * _REVOKED_COUNT]


def _mark(token: str) -> bytes:
    """Return the end of a token, in which the tokens of one worker differ."""
    return token[-_REVOKED_SIZE:].encode().rjust(_REVOKED_SIZE, b"\0")


class WorkerTable:
    """The cells of one consumer, in a file without a name that its children inherit."""

    def __init__(self, fd: int, workers: int) -> None:
        self.fd = fd
        self._memory = mmap.mmap(fd, workers * _CELL_SIZE)
        self.cells = [Cell(self._memory, index) for index in range(workers)]

    def is_busy(self) -> bool:
        """Return whether any worker holds a task."""
        return any(cell.held() is not None for cell in self.cells)

    @classmethod
    def create(cls, workers: int) -> "WorkerTable":
        """Make an empty table."""
        with tempfile.TemporaryFile() as file:
            file.truncate(workers * _CELL_SIZE)
            return cls(os.dup(file.fileno()), workers)
