"""What a consumer stores every second: that it lives, what each worker runs and uses.

The inspector and the statistics read it; nothing decides by it.
"""

import json
import logging
import os
import socket
import time
from collections.abc import Mapping
from typing import Any

from huey_tasks.broker.protocol import FUNCTIONS, only_of
from huey_tasks.broker.scripts.tasks import Seen
from huey_tasks.consumer import dead_consumers
from huey_tasks.errors import QueueUnavailable
from huey_tasks.execution.worker_table import WorkerTable
from huey_tasks.huey_adapter import decoding, huey_seams
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.processes.usage import Meter, Usage
from huey_tasks.settings.queue_list import worker_type_of

logger = logging.getLogger(__name__)


class Heartbeat:
    """The presence of one consumer."""

    def __init__(
        self,
        queue: TaskQueue,
        consumer: str,
        table: WorkerTable,
        worker_type: str,
        concurrency: int,
    ) -> None:
        self._queue, self._consumer, self._concurrency = queue, consumer, concurrency
        self._table, self._worker_type = table, worker_type
        self._is_host = only_of(consumer) == FUNCTIONS
        self._started_at = time.time()
        self._meter = Meter()
        self._says_what_it_leaves = False

    def beat(self, pids: Mapping[int, int], dataset: str = "") -> Seen:
        """Store it; `pids` has the process of each cell, `dataset` the id of the data if known."""
        usage = self._meter.read({os.getpid(), *pids.values()})
        # Greenlets share their process: what it uses is the consumer's, and no single worker's.
        alone = self._worker_type == "process"
        started = self._indexes() if pids else []
        pool = set[int]() if alone else set(pids.values())
        info = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "worker_type": "function" if self._is_host else self._worker_type,
            "started_at": self._started_at,
            **dead_consumers.identity(),
            **_sum([usage[pid] for pid in {os.getpid(), *pool}]),
            "workers": [
                self._worker(index, pids.get(index, 0), usage if alone else {}) for index in started
            ],
        }
        scripts, queue = self._queue.broker.scripts, self._queue.name
        number = self._concurrency
        seen = scripts.heartbeat(queue, self._consumer, json.dumps(info), number, dataset)
        if not seen.is_known:
            self.announce_types()
        for name in seen.unknown_types - huey_seams.task_classes(self._queue).keys():
            decoding.log_wait(f"task type '{name}'", queue=queue)
        return seen

    def announce_types(self) -> None:
        """Store the task types that this consumer can run, also those registered through Huey."""
        known = huey_seams.task_classes(self._queue)
        if self._is_host:
            known = {}
        left_out = [name for name in known if not self._can_run(known[name])]
        types = [name for name in known if name not in left_out]
        self._queue.broker.scripts.knows(self._queue.name, self._consumer, types)
        if left_out and not self._says_what_it_leaves:
            self._says_what_it_leaves = True
            logger.warning(
                "greenlet workers run no 'async def': these types wait for a consumer with %s",
                worker_type_of(self._queue.name, "process"),
                extra={"task_types": ", ".join(left_out)},
            )

    def _can_run(self, task_class: Any) -> bool:
        """Whether its workers can run it: gevent and asyncio would hold up each other."""
        return self._worker_type != "greenlet" or not getattr(task_class, "is_async", False)

    def leave(self) -> None:
        """Remove this consumer from the list of those that live, if Redis answers."""
        try:
            self._queue.broker.scripts.leave(self._queue.name, self._consumer)
        except QueueUnavailable as error:
            logger.warning("stopped without saying goodbye: %s", error.cause)

    def _indexes(self) -> list[int]:
        """The workers, and those that a function host has beside them for nested calls, if busy."""
        cells = self._table.cells
        return [cell.index for cell in cells if cell.index < self._concurrency or cell.held()]

    def _worker(self, index: int, pid: int, usage: Mapping[int, Usage]) -> dict[str, Any]:
        worker: dict[str, Any] = {"worker": f"{self._consumer}/{index + 1}", "pid": pid}
        worker |= _sum([usage.get(pid, Usage())])
        held = self._table.cells[index].held()
        if held is not None:
            worker |= {
                "task_id": held.task_id,
                "task_type": held.task_type,
                "attempt": held.attempt,
                "started_at": held.started_at,
            }
        return worker


def _sum(parts: list[Usage]) -> dict[str, Any]:
    """What they use together; unknown if that of one is."""
    memory = [part.memory_bytes for part in parts if part.memory_bytes is not None]
    cpu = [part.cpu_percent for part in parts if part.cpu_percent is not None]
    return {
        "memory_bytes": sum(memory) if len(memory) == len(parts) else None,
        "cpu_percent": round(sum(cpu), 2) if len(cpu) == len(parts) else None,
    }
