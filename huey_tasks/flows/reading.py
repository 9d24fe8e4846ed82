"""Read flows and their nodes."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from huey_tasks.access.roles import EVERYTHING, Reach
from huey_tasks.broker.flow_store import COUNTS, FlowStore, NodeParts, NodeTask
from huey_tasks.broker.protocol import NewTask
from huey_tasks.broker.task_hash import from_ms
from huey_tasks.errors import FlowNotFound, InvalidQuery, Problem
from huey_tasks.queues import BROKERS
from huey_tasks.records.ids import is_task_id
from huey_tasks.records.models import TaskState

#: Flows that one read brings, and that one page looks through for those in a state.
PIECE, MOST_LOOKED_AT = 200, 2_000

STORE = FlowStore(BROKERS)

_TYPE, _QUEUE = NewTask._fields.index("type"), NewTask._fields.index("queue")


@dataclass(frozen=True)
class FlowRecord:
    """A flow as it is now. `counts`: nodes by state; `progress`: the share that has ended.

    `status`: "running", "succeeded", "failed" or "cancelled". `cancelled_at`: when that was asked
    for; the flow ends when its tasks have. `reason`: why it was, or which node
    was. `task_types`, `queues`: all that its nodes are of.
    """

    flow_id: str
    name: str
    status: str
    size: int
    counts: Mapping[str, int]
    progress: float
    created_at: dt.datetime
    finished_at: dt.datetime | None
    cancelled_at: dt.datetime | None
    reason: str | None
    retries: int
    task_types: tuple[str, ...]
    queues: tuple[str, ...]


@dataclass(frozen=True)
class FlowPage:
    """Flows, the newest first."""

    flows: tuple[FlowRecord, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class NodeRecord:
    """A node as it is now; `task_id`, `task_status` and `attempt` of its task, None without one.

    `attempt` is None, too, when its task is no longer kept. `error`: why it ended
    without success. `results`: the parameters that take the result of a node, {parameter: name}.
    """

    name: str
    task_type: str
    queue: str
    status: str
    task_id: str | None
    task_status: TaskState | None
    attempt: int | None
    error: str | None
    after: tuple[str, ...]
    on_failure: str | None
    results: Mapping[str, str]


@dataclass(frozen=True)
class NodePage:
    """Nodes in the order in which they were submitted."""

    nodes: tuple[NodeRecord, ...]
    next_offset: int | None


def get_flow(flow_id: str) -> FlowRecord:
    """Return a flow. Raises FlowNotFound, QueueUnavailable."""
    fields = STORE.flow(flow_id) if is_task_id(flow_id) else {}
    if not fields:
        raise unknown(flow_id)
    return _record(flow_id, fields)


def list_flows(
    cursor: str | None = None,
    limit: int = 50,
    *,
    status: str | None = None,
    reach: Reach = EVERYTHING,
) -> FlowPage:
    """Return the newest flows, those behind `cursor` and in a `status` if these are given.

    Only those of which all nodes are within `reach`. A page with a `status` or a reach may be
    short, or empty, before the last: it looks through 2,000 flows.
    Raises InvalidQuery for what is no `next_cursor`, QueueUnavailable.
    """
    if cursor is not None and not is_task_id(cursor):
        raise InvalidQuery([Problem("/cursor", "cursor", "It is the `next_cursor` of a page.")])
    records, looked_at = list[FlowRecord](), 0
    while len(records) < limit and looked_at < MOST_LOOKED_AT:
        want = limit - len(records) if status is None and reach.is_whole else PIECE
        found = STORE.page(cursor, want)
        for flow_id, fields in found:
            cursor = flow_id
            if fields and status in (None, fields["state"]):
                flow = _record(flow_id, fields)
                if reach.has_all(flow.task_types, flow.queues):
                    records.append(flow)
            if len(records) == limit:
                return FlowPage(tuple(records), cursor)
        if len(found) < want:
            return FlowPage(tuple(records), None)
        looked_at += len(found)
    return FlowPage(tuple(records), cursor)


def flow_nodes(flow: FlowRecord, offset: int = 0, limit: int = 1000) -> NodePage:
    """Return some nodes of a flow, from `offset` on. Raises QueueUnavailable."""
    last = min(offset + limit, flow.size)
    parts = STORE.nodes(flow.flow_id, range(offset, last))
    nodes = [_node(part) for part in parts]
    asked = [n for n, node in enumerate(nodes) if node.status not in ("waiting", "skipped")]
    tasks = STORE.node_tasks([(nodes[n].queue, parts[n].task_id) for n in asked])
    of_number = dict(zip(asked, tasks, strict=True))
    shown = [
        _with_task(node, parts[number].task_id, of_number.get(number))
        for number, node in enumerate(nodes)
    ]
    return NodePage(tuple(shown), last if last < flow.size else None)


def unknown(flow_id: str) -> FlowNotFound:
    """Return the error of an id that no flow has."""
    return FlowNotFound(f"No flow has the id '{flow_id[:36]}'.")


def _record(flow_id: str, fields: Mapping[str, str]) -> FlowRecord:
    counts = {state: int(fields[state]) for state in COUNTS}
    size, is_cancelled = int(fields["size"]), "cancelled_at" in fields
    open_nodes = counts["waiting"] + counts["submitted"]
    return FlowRecord(
        flow_id,
        fields["name"],
        fields["state"],
        size,
        counts,
        round((size - open_nodes) / size, 4),
        from_ms(fields["created_at"]),
        _time(fields, "finished_at"),
        _time(fields, "cancelled_at"),
        fields.get("reason") if is_cancelled or fields["state"] == "cancelled" else None,
        int(fields.get("retries", 0)),
        _names(fields, "types"),
        _names(fields, "queues"),
    )


def _names(fields: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Return all types or queues; of a flow that older code began, a name that no reach has."""
    return tuple(json.loads(fields.get(name, '[""]')))


def _time(fields: Mapping[str, str], name: str) -> dt.datetime | None:
    return from_ms(fields[name]) if name in fields else None


def _node(part: NodeParts) -> NodeRecord:
    stored: dict[str, Any] = json.loads(part.text)
    task: Sequence[Any] = stored["task"]
    return NodeRecord(
        stored["name"],
        task[_TYPE],
        task[_QUEUE],
        part.state or "waiting",
        None,
        None,
        None,
        None,
        tuple(stored["after"]),
        stored.get("on_failure"),
        stored.get("results", {}),
    )


#: The state of the task of a node that has ended and is no longer kept, where the node says it.
_SAME = {"succeeded": TaskState.SUCCESS}


def _with_task(node: NodeRecord, task_id: str, task: NodeTask | None) -> NodeRecord:
    if task is not None:
        state = TaskState(task.state)
        error = task.reason or None if state.terminal and state is not TaskState.SUCCESS else None
        return replace(node, task_id=task_id, task_status=state, attempt=task.attempt, error=error)
    if node.status in ("waiting", "skipped", "cancelled"):
        return node
    return replace(node, task_id=task_id, task_status=_SAME.get(node.status))
