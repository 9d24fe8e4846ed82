"""The scripts of flows as Python functions; `script_runner` calls them."""

import secrets
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from huey_tasks.broker.protocol import Argument, Found, Refusal
from huey_tasks.broker.scripts.submits import found_of, refused
from huey_tasks.broker.scripts.tasks import Scripts

#: Milliseconds for which the nodes of a flow are kept that has not begun.
STORED_MS = 600_000


class StoredNode(NamedTuple):
    """A node as `flow_store` keeps it; `before`: for how many ends of others it waits."""

    number: int | str
    task_id: str
    before: int
    text: str  # JSON, see flow_store.lua


class RetriedNode(NamedTuple):
    """A node that runs again: with a new task, after as many ends of others."""

    number: int
    task_id: str
    before: int


class FlowScripts:
    """More scripts on the Redis of `scripts`. Raises QueueUnavailable as those do."""

    def __init__(self, scripts: Scripts, queue: str) -> None:
        """`queue`: any of them; its audit has what operators do to flows."""
        self._scripts, self._queue = scripts, queue

    def flow_store(self, flow_id: str, nodes: Sequence[StoredNode]) -> bool:
        """Store some nodes of a flow; False, and nothing is stored, when it has begun."""
        more: list[Argument] = [part for node in nodes for part in node]
        stored = self._scripts.run("flow_store", self._queue, *more, flow=flow_id, ttl_ms=STORED_MS)
        return int(stored) >= 0

    def flow_begin(
        self,
        flow_id: str,
        name: str,
        size: int,
        queues: str,
        types: str,
        *,
        ttl_ms: int,
        once: str,
        may_refuse: bool,
        webhook_url: str = "",
    ) -> str | Found:
        """Let a flow begin whose `size` nodes are stored; `queues`, `types` (JSON): of its tasks.

        Returns "begun", "gone", or the flow of a submit before that was the same. With `may_refuse`
        it raises QueueRefuses if one of the queues takes no tasks now.
        """
        room = self._scripts.bounds if may_refuse else ""
        how, *more = self._scripts.run(
            "flow_begin", self._queue, flow=flow_id, name=name, size=size, queues=queues,
            types=types, ttl_ms=ttl_ms, once=once, room=room, webhook_url=webhook_url,
        )  # fmt: skip
        if how == b"refused":
            raise refused(Refusal.read(*more))
        return found_of(*more) if how == b"found" else how.decode()

    def flow_advance(self, flow_id: str) -> tuple[bool, bool]:
        """Go on with a flow; returns whether there is more, and whether its tasks are cancelled."""
        has_more, is_cancelled = self._scripts.run("flow_advance", self._queue, flow=flow_id)
        return bool(has_more), bool(is_cancelled)

    def flow_cancel(self, flow_id: str, reason: str, operation: str) -> str:
        """Start no further node; returns the state it was in, "" if there is none."""
        state = self._scripts.run(
            "flow_cancel", self._queue, flow=flow_id, reason=reason,
            request=secrets.token_hex(8), operation=operation,
        )  # fmt: skip
        return state.decode()

    def flow_retry(
        self,
        flow_id: str,
        finished_at: str,
        start: str,
        nodes: Iterable[RetriedNode],
        operation: str,
    ) -> str:
        """Run nodes of an ended flow again; `start` (JSON) is in front of the first of them.

        Returns "running"; "other" when it has changed meanwhile; "" when there is none.
        """
        more: list[Argument] = [part for node in nodes for part in node]
        state = self._scripts.run(
            "flow_retry", self._queue, *more, flow=flow_id, finished_at=finished_at, start=start,
            operation=operation,
        )  # fmt: skip
        return state.decode()
