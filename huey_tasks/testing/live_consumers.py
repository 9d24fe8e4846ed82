"""The consumers of the mode `live`: one for each queue, for all tests of this process."""

import atexit
import functools
import os
import subprocess
import sys
import time
from pathlib import Path

from huey_tasks.api.queues import consumers
from huey_tasks.queues import QUEUES
from huey_tasks.registry.types import task_types
from huey_tasks.testing.private_redis import served_redis

#: Seconds within which they all answer.
START_S = 30.0


class LiveConsumers:
    """The processes; use `live_consumers()`."""

    def __init__(self) -> None:
        redis = served_redis()
        modules = {found.function.__module__ for found in task_types()}
        env = {
            **os.environ,
            "REDIS_URL": redis.url(0),
            "RESULT_REDIS_URL": redis.url(1),
            "TASKS": ",".join(sorted(m for m in modules if not m.startswith("huey_tasks."))),
            "QUEUES": ",".join(f"{name}:1" for name in QUEUES),
            "REDIS_IS_CHECKED": "1",  # this one keeps nothing on disk, of which a check would warn
            "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
        }
        command = [sys.executable, "-m", "duckline", "consumer"]
        self._processes = [subprocess.Popen([*command, name], env=env) for name in QUEUES]
        atexit.register(self.stop)

    def ready(self) -> None:
        """Wait until each queue has its consumer. Raises RuntimeError when one ends or is late."""
        ends = time.monotonic() + START_S
        while {consumer.queue for consumer in consumers()} != set(QUEUES):
            if any(process.poll() is not None for process in self._processes):
                raise RuntimeError("a test consumer has ended; its output says why")
            if time.monotonic() > ends:
                raise RuntimeError(f"the test consumers have not started within {START_S:g} s")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop them."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait()


@functools.cache
def live_consumers() -> LiveConsumers:
    """Return the consumers of this process; the first call starts them."""
    return LiveConsumers()
