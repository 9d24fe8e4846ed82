"""Flows in Redis: reads them; `scripts.flows` changes them. Raises QueueUnavailable as `Broker`."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from huey_tasks.broker import flow_keys, keys
from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.broker.connection import redis_errors
from huey_tasks.broker.protocol import NewTask
from huey_tasks.broker.task_hash import TaskHash

_QUEUE = NewTask._fields.index("queue")

#: What is read of the task of a node.
_NODE_TASK = ("state", "attempt", "started_at", "reason")

#: The states of a node, in the order in which lists show them; a flow counts its nodes in each.
COUNTS = ("waiting", "submitted", "succeeded", "failed", "cancelled", "skipped")


class NodeParts(NamedTuple):
    """What is kept of a node: JSON, the id of its task, its state (None: it waits)."""

    text: str
    task_id: str
    state: str | None


class NodeTask(NamedTuple):
    """The task of a node: its state, attempts started so far, and why it is in that state."""

    state: str
    attempt: int
    reason: str


class FlowStore:
    """The flows of all queues."""

    def __init__(self, brokers: Brokers) -> None:
        self._brokers = brokers
        self._broker: Broker = brokers.first

    def flow(self, flow_id: str) -> dict[str, str]:
        """Return the fields of a flow, {} if there is none."""
        return self._flows([flow_id])[0]

    def page(self, after: str | None, most: int) -> list[tuple[str, dict[str, str]]]:
        """Return the ids and fields of the newest flows; those behind `after` if given."""
        listed = flow_keys.flows()
        with redis_errors():
            begin = 0
            if after is not None:
                rank = self._broker.redis.zrevrank(listed, after)
                if rank is None:
                    return []
                begin = int(rank) + 1
            found = self._broker.redis.zrevrange(listed, begin, begin + most - 1)
        ids = [cast(bytes, each).decode() for each in found]
        return list(zip(ids, self._flows(ids), strict=True))

    def nodes(self, flow_id: str, numbers: Sequence[int]) -> list[NodeParts]:
        """Return nodes by their numbers, those that are there."""
        if not numbers:
            return []
        with self._broker.pipeline() as pipe:
            pipe.hmget(flow_keys.nodes(flow_id), numbers)
            pipe.hmget(flow_keys.ids(flow_id), numbers)
            pipe.hmget(flow_keys.states(flow_id), numbers)
            rows = zip(*pipe.execute(), strict=True)
        return [
            NodeParts(text.decode(), (task_id or b"").decode(), state.decode() if state else None)
            for text, task_id, state in rows
            if text is not None
        ]

    def tasks(self, flow_id: str, numbers: Sequence[int]) -> list[tuple[str, str]]:
        """Return the queue and the id of the task of each of these nodes."""
        nodes = self.nodes(flow_id, numbers)
        return [(json.loads(node.text)["task"][_QUEUE], node.task_id) for node in nodes]

    def node_tasks(self, places: Sequence[tuple[str, str]]) -> list[NodeTask | None]:
        """Return what is known of the tasks of (queue, id) pairs, None for one that is gone."""
        if not places:
            return []
        with self._broker.pipeline() as pipe:
            for queue, task_id in places:
                pipe.hmget(keys.task(queue, task_id), _NODE_TASK)
            found = [TaskHash.of_reply(_NODE_TASK, values) for values in pipe.execute()]
        return [NodeTask(t.state, t.attempt, t.reason or "") if t else None for t in found]

    def submitted(self, flow_id: str) -> list[int]:
        """Return the numbers of the nodes whose tasks have not ended."""
        with redis_errors():
            found = self._broker.redis.hgetall(flow_keys.states(flow_id))
        return [int(number) for number, state in found.items() if state == b"submitted"]

    def moving(self) -> list[str]:
        """Return the ids of the flows that somebody has to go on with."""
        with redis_errors():
            found = self._broker.redis.smembers(flow_keys.moving())
        return [cast(bytes, each).decode() for each in found]

    def _flows(self, ids: Sequence[str]) -> list[dict[str, str]]:
        if not ids:
            return []
        with self._broker.pipeline() as pipe:
            for flow_id in ids:
                pipe.hgetall(flow_keys.flow(flow_id))
            return [_texts(found) for found in pipe.execute()]


def _texts(found: Any) -> dict[str, str]:
    return {name.decode(): text.decode("utf-8", "replace") for name, text in found.items()}
