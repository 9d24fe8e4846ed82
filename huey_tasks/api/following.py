"""Read the answer of an invocation while its function writes it."""

import contextlib
import threading
import time
from collections.abc import Generator
from dataclasses import replace

from huey_tasks.api import tasks
from huey_tasks.api.functions import FunctionAnswer, answer_of
from huey_tasks.broker.answer_pieces import AnswerPieces
from huey_tasks.broker.deadline import time_limit
from huey_tasks.errors import QueueUnavailable, TaskNotFound
from huey_tasks.queues import BROKERS
from huey_tasks.records import indexes

#: Bytes of the largest piece.
MOST_BYTES = 65_536
#: Seconds between two looks without a message, and for one look at Redis.
_LOOK_S, _REDIS_S = 1.0, 3.0


class Following:
    """One reader of an answer. How fast it reads is nothing to the function."""

    def __init__(self, task_id: str, queue: str, changed: threading.Event) -> None:
        self._task_id, self._queue, self._changed = task_id, queue, changed
        self._pieces = AnswerPieces(BROKERS[queue], task_id)
        self._read = 0

    def next(self, wait_s: float) -> bytes | FunctionAnswer | None:
        """Return the next piece; at last the answer, whose body is what was not read before.

        None: there was nothing in `wait_s` seconds, or this process stops. Raises QueueUnavailable:
        at once if nothing was read yet, else when Redis was away for `wait_s`. Raises TaskNotFound
        when somebody has removed the task.
        """
        ends = time.monotonic() + wait_s
        while True:
            self._changed.clear()
            try:
                with time_limit(_REDIS_S):
                    if (found := self._look()) is not None:
                        return found
            except QueueUnavailable:
                if not self._read or time.monotonic() >= ends:
                    raise
            left_s = ends - time.monotonic()
            if left_s <= 0 or tasks.ends.is_stopping:
                return None
            self._changed.wait(min(left_s, _LOOK_S))

    def _look(self) -> bytes | FunctionAnswer | None:
        if piece := self._next_piece():
            return piece
        end = answer_of(self._task_id, self._queue)
        if end is None:
            self._check()
            return None
        if end.error is None:
            return replace(end, body=end.body[self._read :])
        return self._next_piece() or end  # what was written between the two looks

    def _next_piece(self) -> bytes:
        piece = self._pieces.read(self._read, MOST_BYTES)
        self._read += len(piece)
        return piece

    def _check(self) -> None:
        if indexes.states(BROKERS, [(self._queue, self._task_id)]) == [None]:
            raise TaskNotFound(f"The task {self._task_id} was withdrawn.")


@contextlib.contextmanager
def follow_answer(task_id: str, queue: str) -> Generator[Following]:
    """Read the answer of an invocation that was made with `stream`, from its beginning.

    Raises TaskNotFound, QueueUnavailable.
    """
    with tasks.ends.listen(queue, task_id, pieces=True) as changed:
        if not BROKERS[queue].scripts.awaited(queue, task_id):
            raise TaskNotFound(f"There is no task {task_id}.")
        yield Following(task_id, queue, changed)
