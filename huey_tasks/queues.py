"""The queues, one Huey instance each, and the settings they were made from."""

from types import MappingProxyType

from huey_tasks.broker import connection, keys, room
from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.config import Config
from huey_tasks.declaration.options import nearest
from huey_tasks.errors import UnknownQueue
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.settings.queue_list import how_to_add

#: The settings of this process.
CONFIG = Config.from_env()
keys.use(CONFIG.key_prefix, CONFIG.queue_names)
if CONFIG.redis_url is None:
    connection.advise(
        "REDIS_URL is not set: does the service run, with this working folder? If it has a PORT or "
        "a DATA_DIR of its own, set the same one here."
    )


def _room() -> str:
    bounds = {bound.queue: bound.most for bound in CONFIG.queue_max_waiting}
    waiting = bounds.pop("", None)
    memory = (CONFIG.queue_max_memory, CONFIG.redis_memory)
    return room.as_text(CONFIG.queue_names, waiting, bounds, *memory)


def _make(name: str) -> TaskQueue:
    return TaskQueue(
        name,
        broker_url=CONFIG.broker_url,
        result_url=CONFIG.result_url,
        result_ttl_s=CONFIG.result_ttl_s,
        lease_s=CONFIG.lease_s,
        room=_room(),
        result_max_bytes=CONFIG.result_max_bytes,
    )


#: The queues by name, most urgent first.
QUEUES = MappingProxyType({name: _make(name) for name in keys.queue_names()})

for _queue in QUEUES.values():
    _queue.join(QUEUES)

#: The same in Redis.
BROKERS = Brokers(queue.broker for queue in QUEUES.values())

high, default, low = QUEUES["high"], QUEUES["default"], QUEUES["low"]


def unknown_queue(name: str) -> UnknownQueue:
    """Return the error of a name that no queue has."""
    near = nearest(name, QUEUES) or f"{how_to_add(name, tuple(QUEUES))}."
    queues = ", ".join(QUEUES)
    return UnknownQueue(f"There is no queue '{name[:64]}'; the queues are {queues}{near}")


def broker_named(name: str) -> Broker:
    """Return the queue of that name in Redis. Raises UnknownQueue."""
    if name not in QUEUES:
        raise unknown_queue(name)
    return BROKERS[name]


def brokers_of(queue: str | None) -> Brokers:
    """Return the queue of that name in Redis, or all of them. Raises UnknownQueue."""
    return BROKERS if queue is None else Brokers([broker_named(queue)])
