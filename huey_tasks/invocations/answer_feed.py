"""Feeds the pieces of an answer to Redis while their function still runs.

A thread of its own writes them, so that neither a slow Redis nor one that is away holds up the
function. Pieces that come meanwhile go together with the next write. What Redis did not get, or has
lost, is in the outcome of a function that succeeds.
"""

import logging
import threading

from huey_tasks.broker.answer_pieces import AnswerPieces
from huey_tasks.errors import QueueUnavailable
from huey_tasks.execution.attempt import Attempt

logger = logging.getLogger(__name__)

#: Seconds between two tries while Redis is away.
RETRY_S = 0.5
#: Seconds that the last pieces get before the attempt is committed.
LAST_S = 3.0
#: Milliseconds that pieces live after a success: the outcome has them all.
DONE_MS = 10_000
#: Bytes of one write.
_MOST_BYTES = 1 << 20


class AnswerFeed:
    """Writes the pieces of one attempt. `ttl_ms`: how long they live after the last write."""

    def __init__(self, attempt: Attempt, ttl_ms: int) -> None:
        self._pieces = AnswerPieces(attempt.broker, attempt.claim.id)
        self._token, self._ttl_ms = attempt.claim.token, ttl_ms
        self._answer = bytearray()
        self._changed = threading.Event()
        self._is_over = False
        self._thread: threading.Thread | None = None

    def add(self, piece: bytes) -> None:
        """Let callers read this piece; returns at once."""
        self._answer += piece
        self._changed.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="duckline-answer", daemon=True)
            self._thread.start()

    def end(self, *, whole: bool) -> None:
        """Write the last pieces, if Redis takes them; `whole`: the outcome will have them all."""
        if self._thread is None:
            return
        self._is_over = True
        self._changed.set()
        self._thread.join(LAST_S)
        if not whole:
            return
        try:
            self._pieces.expire(DONE_MS)
        except QueueUnavailable as error:
            logger.debug("pieces of an answer live longer: %s", error.cause)

    def _run(self) -> None:
        kept = 0
        while not (self._is_over and kept >= len(self._answer)):
            self._changed.wait()
            self._changed.clear()
            while kept < len(self._answer):
                try:
                    now = self._write(kept)
                except QueueUnavailable as error:
                    logger.debug("pieces of an answer wait for Redis: %s", error.cause)
                    if self._is_over:
                        return
                    self._changed.wait(RETRY_S)
                    continue
                if now is None:
                    return
                kept = now

    def _write(self, at: int) -> int | None:
        piece = bytes(memoryview(self._answer)[at : at + _MOST_BYTES])
        return self._pieces.add(self._token, at, piece, ttl_ms=self._ttl_ms)
