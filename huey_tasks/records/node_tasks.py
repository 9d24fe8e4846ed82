"""The tasks of flows' nodes, out of Redis."""

from huey_tasks import serializer
from huey_tasks.broker import flow_keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.connection import redis_errors


def id_of(broker: Broker, node: serializer.NodeResult) -> str:
    """Return the id of a node's task, "" if there is none."""
    with redis_errors():
        found = broker.redis.hget(flow_keys.ids(node.flow_id), node.number)
    return (found or b"").decode()
