"""The function host: the greenlet workers of a consumer that run functions, and nothing else.

Each worker drives one environment at a time. A function that waits for another one keeps its
worker, so nested calls have workers of their own, started as they are needed.
"""

import contextlib
import json
import logging
import resource
from collections.abc import Callable, Generator, Sequence

import gevent

from huey_tasks.broker.broker import Broker
from huey_tasks.broker.protocol import NESTED
from huey_tasks.config import Config
from huey_tasks.consumer.greenlet_pool import NESTED_SLOTS
from huey_tasks.consumer.worker import QueueWorker
from huey_tasks.environments import process_stats
from huey_tasks.environments.pool import Environments
from huey_tasks.errors import QueueUnavailable
from huey_tasks.execution.worker_table import Cell
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.invocations import function_types
from huey_tasks.invocations.runner import Runner
from huey_tasks.queues import QUEUES

logger = logging.getLogger(__name__)

#: Seconds between two looks at the limits of functions and at idle environments.
LOOK_S = 1.0


@contextlib.contextmanager
def serve(queue: TaskQueue, consumer: str, config: Config) -> Generator[None]:
    """Let this process run functions inside of the block; then end their environments."""
    broker = queue.broker
    queue.storage.large_ttl_ms = round(config.large_result_ttl_s * 1000)
    _allow_descriptors_for(config.function_slots + NESTED_SLOTS)
    environments = Environments(config, config.function_slots)
    runner = Runner(config, function_types.CATALOGUE, environments)
    function_types.listen()
    function_types.run_with(runner.run)
    looks = _Looks(broker, consumer, environments, runner)
    looks.publish_limits()
    greenlet = gevent.spawn(looks.run)
    try:
        yield
    finally:
        greenlet.kill()
        with contextlib.suppress(QueueUnavailable):
            looks.publish_imports()
        environments.end_all()


def start_nested(cells: Sequence[Cell], start: Callable[[Cell, str], QueueWorker]) -> None:
    """Start one worker for nested calls, and another one whenever the last has become busy."""
    if not cells:
        return
    is_last = True

    def start_next() -> None:
        nonlocal is_last
        if is_last:
            is_last = False
            start_nested(cells[1:], start)

    start(cells[0], NESTED).on_claim = start_next


def _allow_descriptors_for(environments: int) -> None:
    """Raise this process's limit of descriptors to what these need, as far as the system allows."""
    needed = 256 + 4 * environments  # three each, and a few while one starts
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class _Looks:
    """What a host does every second beside its workers."""

    def __init__(
        self, broker: Broker, consumer: str, environments: Environments, runner: Runner
    ) -> None:
        self._broker, self._consumer, self._environments = broker, consumer, environments
        self._runner = runner

    def run(self) -> None:
        """Look for ever."""
        while True:
            gevent.sleep(LOOK_S)
            try:
                self._environments.end_idle()
                self.publish_limits()
                self.publish_imports()
                self._say_what_is_there()
            except QueueUnavailable as error:
                logger.debug("the function host waits for Redis: %s", error.cause)
            except Exception:  # a defect of ours: functions go on without it
                logger.exception("function host")

    def publish_limits(self) -> None:
        """Store how many of each function may run at once, as far as Redis does not know it."""
        sight = function_types.CATALOGUE.look()
        if not sight.unknown:
            functions = sight.functions.items()
            limits = {name: function.reserved_concurrency for name, function in functions}
            self._broker.store_concurrency(limits, QUEUES)

    def publish_imports(self) -> None:
        """Store how imports went since the last look. Raises QueueUnavailable."""
        imports = self._runner.take_imports()
        try:
            if imports:
                self._broker.store_imports(imports)
        except QueueUnavailable:
            self._runner.put_back(imports)  # one that failed says why the function cannot run
            raise

    def _say_what_is_there(self) -> None:
        environments = [
            {
                "function": each.function.name,
                "pid": each.pid,
                "environment": each.id,
                "version": each.version,
                "invocations": each.invocations,
                "started_at": each.started_at,
                "busy": self._environments.is_lent(each),
                "memory_mb": process_stats.used_mb(each.pid),
            }
            for each in self._environments
        ]
        self._broker.store_environments(self._consumer, json.dumps(environments))
