"""THE three queues, one Huey instance each, and the settings they were made from."""

from types import MappingProxyType

from huey_tasks.config import Config
from huey_tasks.keys import QUEUE_NAMES
from huey_tasks.task_queue import TaskQueue

config = Config.from_env()


def _make(name: str) -> TaskQueue:
    return TaskQueue(
        name,
        broker_url=config.broker_url,
        result_url=config.result_url,
        result_ttl_s=config.result_ttl_s,
        lease_s=config.lease_s,
    )


#: The queues by name, most urgent first.
QUEUES = MappingProxyType({name: _make(name) for name in QUEUE_NAMES})

high, default, low = (QUEUES[name] for name in QUEUE_NAMES)
