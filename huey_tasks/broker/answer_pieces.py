"""What a running function has written of its answer, for callers that read it meanwhile.

One text a task, which grows. A reader asks for what is behind the part that it has, so any number
of them may read, and none can hold up the function.
"""

from typing import cast

from huey_tasks.broker import function_keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.connection import redis_errors


class AnswerPieces:
    """The pieces of one answer. Every use raises QueueUnavailable as `Broker` does."""

    def __init__(self, broker: Broker, task_id: str) -> None:
        self._broker, self._task_id = broker, task_id
        self._key = function_keys.answer(broker.name, task_id)

    def add(self, token: str, at: int, piece: bytes, *, ttl_ms: int) -> int | None:
        """Keep a piece that begins at `at`; see `Scripts.answer_piece`."""
        broker = self._broker
        return broker.scripts.answer_piece(
            broker.name, self._task_id, token, at, piece, ttl_ms=ttl_ms
        )

    def read(self, at: int, most: int) -> bytes:
        """Return up to `most` bytes from `at` on; none if there are no more so far."""
        with redis_errors():
            return cast(bytes, self._broker.redis.getrange(self._key, at, at + most - 1))

    def exist(self) -> bool:
        """Return whether any byte is kept."""
        with redis_errors():
            return bool(self._broker.redis.strlen(self._key))

    def expire(self, ttl_ms: int) -> None:
        """Let them go after that time."""
        with redis_errors():
            self._broker.redis.pexpire(self._key, ttl_ms)
