"""What a consumer says of itself every second: that it is here, and what each worker runs.

The inspector and the statistics read it; nothing decides by it.
"""

import json
import os
import socket
import time
from collections.abc import Mapping
from typing import Any

from huey_tasks import neighbours
from huey_tasks.board import Board
from huey_tasks.task_queue import TaskQueue


class Heartbeat:
    """The presence of one consumer."""

    def __init__(self, queue: TaskQueue, consumer: str, board: Board, worker_type: str) -> None:
        self._queue, self._consumer = queue, consumer
        self._board, self._worker_type = board, worker_type
        self._started_at = time.time()

    def beat(self, pids: Mapping[int, int]) -> None:
        """Say it; `pids` gives the process of each cell."""
        info = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "worker_type": self._worker_type,
            "started_at": self._started_at,
            **neighbours.identity(),
            "workers": [self._worker(index, pids.get(index, 0)) for index in self._indexes()],
        }
        scripts, queue = self._queue.storage.scripts, self._queue.name
        scripts.heartbeat(queue, self._consumer, json.dumps(info), len(self._board.cells))

    def leave(self) -> None:
        """Say goodbye."""
        self._queue.storage.scripts.leave(self._queue.name, self._consumer)

    def _indexes(self) -> range:
        return range(len(self._board.cells))

    def _worker(self, index: int, pid: int) -> dict[str, Any]:
        worker: dict[str, Any] = {"worker": f"{self._consumer}/{index + 1}", "pid": pid}
        held = self._board.cells[index].held()
        if held is not None:
            worker |= {
                "task_id": held.task_id,
                "task_type": held.task_type,
                "attempt": held.attempt,
                "started_at": held.started_at,
            }
        return worker
