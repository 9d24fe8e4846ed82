"""The three queues, one Huey instance each, and the settings they were made from."""

from types import MappingProxyType

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.broker.keys import QUEUE_NAMES
from huey_tasks.config import Config
from huey_tasks.errors import UnknownQueue
from huey_tasks.huey_adapter.task_queue import TaskQueue

#: The settings of this process.
CONFIG = Config.from_env()
keys.use_prefix(CONFIG.key_prefix)


def _make(name: str) -> TaskQueue:
    return TaskQueue(
        name,
        broker_url=CONFIG.broker_url,
        result_url=CONFIG.result_url,
        result_ttl_s=CONFIG.result_ttl_s,
        lease_s=CONFIG.lease_s,
    )


#: The queues by name, most urgent first.
QUEUES = MappingProxyType({name: _make(name) for name in QUEUE_NAMES})

#: The same in Redis.
BROKERS = Brokers(queue.broker for queue in QUEUES.values())

high, default, low = (QUEUES[name] for name in QUEUE_NAMES)


def broker_named(name: str) -> Broker:
    """Return the queue of that name in Redis. Raises UnknownQueue."""
    if name not in QUEUES:
        raise UnknownQueue(f"There is no queue '{name[:64]}'; it is {' or '.join(QUEUE_NAMES)}.")
    return BROKERS[name]


def brokers_of(queue: str | None) -> Brokers:
    """Return the queue of that name in Redis, or all of them. Raises UnknownQueue."""
    return BROKERS if queue is None else Brokers([broker_named(queue)])
