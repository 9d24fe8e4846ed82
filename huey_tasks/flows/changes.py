"""Cancel a flow, run nodes of it again, and go on with those that one script could not finish."""

import json
import time
from collections.abc import Mapping, Sequence

from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action, Operator, cancelled
from huey_tasks.broker.scripts.flows import FlowScripts, RetriedNode
from huey_tasks.broker.scripts.operators import cancel_all
from huey_tasks.errors import FlowFinished, FlowNotRetryable, InvalidQuery, Problem
from huey_tasks.flows.reading import STORE, FlowRecord, get_flow, unknown
from huey_tasks.flows.subgraph import StoredGraph
from huey_tasks.flows.submit import start_of
from huey_tasks.queues import BROKERS
from huey_tasks.records.ids import is_task_id, new_ids

#: Tasks that are cancelled at once, and nodes that one read brings.
PIECE = 100
READ = 1000

#: Seconds that a cancel works at once; consumers do the rest.
BUDGET_S = 1.0


def cancel_flow(flow_id: str, by: Operator | None = None) -> FlowRecord:
    """Cancel a flow: no node starts any more, and its tasks are cancelled.

    Raises FlowNotFound, FlowFinished, QueueUnavailable.
    """
    operation = trail.as_argument(BROKERS, Action.FLOW_CANCEL, by, flow_id)
    reason = cancelled(by.why if by else "")
    state = _scripts().flow_cancel(flow_id, reason, operation) if is_task_id(flow_id) else ""
    if not state:
        raise unknown(flow_id)
    if state != "running":
        raise FlowFinished(f"The flow has ended as {state} and cannot be cancelled.")
    stop_at = time.monotonic() + BUDGET_S
    while _go_on(flow_id) and time.monotonic() < stop_at:
        pass
    return get_flow(flow_id)


def retry_flow(flow_id: str, node: str | None = None, by: Operator | None = None) -> FlowRecord:
    """Run a node of an ended flow again, and all behind it.

    Without one: all that failed or were cancelled, and all behind these. Each gets a new task;
    nodes that do not run again keep their results. Raises FlowNotFound, FlowNotRetryable;
    InvalidQuery for a node that it has not; QueueUnavailable.
    """
    flow = get_flow(flow_id)
    if flow.finished_at is None:
        raise FlowNotRetryable("The flow has not ended.")
    graph = _graph(flow)
    if node is not None and node not in graph.numbers:
        raise InvalidQuery([Problem("/node", "unknown_node", f"No node is named '{node[:64]}'.")])
    waits_for = graph.again(None if node is None else graph.numbers[node])
    if not waits_for:
        raise FlowNotRetryable("Every node has succeeded, or was not needed.")
    operation = trail.as_argument(BROKERS, Action.FLOW_RETRY, by, flow_id)
    first = [number for number, before in waits_for.items() if before == 0]
    ids = new_ids(len(waits_for))
    nodes = [
        RetriedNode(number, task_id, before or 1)
        for (number, before), task_id in zip(waits_for.items(), ids, strict=True)
    ]
    finished_at = str(round(flow.finished_at.timestamp() * 1000))  # before its graph was read
    state = _scripts().flow_retry(flow_id, finished_at, start_of(first), nodes, operation)
    if not state:
        raise unknown(flow_id)
    if state == "other":
        raise FlowNotRetryable("The flow has changed meanwhile.")
    return get_flow(flow_id)


def go_on_with_flows() -> float | None:
    """Go on with each flow that one script could not finish; the chore of every consumer.

    Returns 0 if there is more to do. Raises QueueUnavailable.
    """
    more = [_go_on(flow_id) for flow_id in STORE.moving()]
    return 0.0 if any(more) else None


def _go_on(flow_id: str) -> bool:
    """Do one piece; returns whether there is more. A flow that is cancelled waits for its tasks."""
    has_more, is_cancelled = _scripts().flow_advance(flow_id)
    return (is_cancelled and _cancel_tasks(flow_id)) or has_more


def _cancel_tasks(flow_id: str) -> bool:
    """Cancel some tasks of a flow; returns whether there are more. Consumers have other chores.

    Those of a queue that is not in QUEUES wait until it is again.
    """
    numbers = STORE.submitted(flow_id)
    for start in range(0, len(numbers), PIECE):
        places: dict[str, list[str]] = {}
        for queue, task_id in STORE.tasks(flow_id, numbers[start : start + PIECE]):
            if queue in BROKERS:
                places.setdefault(queue, []).append(task_id)
        if places:
            _cancel_in(places, flow_id)
            return start + PIECE < len(numbers)
    return False


def _cancel_in(places: Mapping[str, Sequence[str]], flow_id: str) -> None:
    """Cancel tasks of a flow, ids by queue."""
    reason = STORE.flow(flow_id).get("reason", cancelled(""))
    for queue, ids in places.items():
        cancel_all(BROKERS[queue].scripts, queue, ids, reason, request=flow_id, operation="")


def _graph(flow: FlowRecord) -> StoredGraph:
    parts = [
        part
        for start in range(0, flow.size, READ)
        for part in STORE.nodes(flow.flow_id, range(start, min(start + READ, flow.size)))
    ]
    if len(parts) != flow.size:
        raise unknown(flow.flow_id)
    return StoredGraph([json.loads(part.text) for part in parts], [part.state for part in parts])


def _scripts() -> FlowScripts:
    return FlowScripts(BROKERS.first.scripts, BROKERS.first.name)
