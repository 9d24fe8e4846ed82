"""Submit a flow: check its graph and every task, store the nodes in pieces, let it begin."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from huey_tasks.access.targets import target_problems
from huey_tasks.broker.protocol import Found, NewTask
from huey_tasks.broker.scripts.flows import FlowScripts, StoredNode
from huey_tasks.errors import (
    IdempotencyKeyReused,
    InvalidFlow,
    InvalidPayload,
    InvalidQuery,
    Problem,
    QueueUnavailable,
    UnknownQueue,
    UnknownTaskType,
)
from huey_tasks.execution.attempt import current_attempt
from huey_tasks.flows.graph import MOST_PROBLEMS, FlowNode, Graph, escaped
from huey_tasks.queues import BROKERS, CONFIG
from huey_tasks.records.ids import new_id, new_ids
from huey_tasks.serializer import NodeResult
from huey_tasks.submission.once import check_idempotency_key, once_of
from huey_tasks.submission.options import SubmitOptions
from huey_tasks.submission.submit import destination

#: Nodes that one script call stores: Redis does nothing else for a millisecond.
PIECE = 200


class SubmittedFlow(NamedTuple):
    """A flow that has been accepted; `is_replay`: before, with the same idempotency key."""

    flow_id: str
    name: str
    size: int
    is_replay: bool = False


def submit_flow(
    nodes: Sequence[FlowNode],
    *,
    name: str = "",
    idempotency_key: str | None = None,
    caller: str = "",
    webhook_url: str | None = None,
) -> SubmittedFlow:
    """Submit a graph of tasks, at most 10,000: all of it, or nothing.

    `caller`: the name of the API key that submits, and whose idempotency key it is. `webhook_url`:
    where each end of the flow is posted to. Raises InvalidFlow, whose problems point to nodes;
    IdempotencyKeyReused; QueueRefuses; QueueUnavailable when Redis does not store it: without
    `answered` the flow may have begun, and the same submit with an idempotency key finds it.
    """
    if idempotency_key is not None:
        check_idempotency_key(idempotency_key, "/Idempotency-Key")
    attempt = current_attempt.get()
    # An attempt that is repeated submits the same flow, as it submits the same tasks.
    graph, flow_id = Graph(nodes, name), attempt.subtask_id() if attempt else new_id()
    graph.problems += _wrong_url(webhook_url)
    tasks = _tasks_of(graph, flow_id, caller)
    once = _once(graph, idempotency_key, caller, webhook_url)
    broker = BROKERS.first
    scripts = FlowScripts(broker.scripts, broker.name)
    if once and (found := broker.scripts.found(broker.name, once)) is not None:
        return _replayed(found, graph)
    for piece in _pieces(graph, tasks):
        if not scripts.flow_store(flow_id, piece):
            return SubmittedFlow(flow_id, name, len(nodes))
    queues = sorted({new.queue for new in tasks})
    types = sorted({new.type for new in tasks})
    reply = scripts.flow_begin(
        flow_id, name, len(nodes), json.dumps(queues), json.dumps(types), ttl_ms=broker.ttl_ms,
        once=once, may_refuse=attempt is None, webhook_url=webhook_url or "",
    )  # fmt: skip
    if isinstance(reply, Found) and reply.id != flow_id:  # else it was sent twice
        return _replayed(reply, graph)
    if reply == "gone":
        raise QueueUnavailable("Redis has lost nodes of the flow before it began.")
    return SubmittedFlow(flow_id, name, len(nodes))


def _wrong_url(url: str | None) -> list[Problem]:
    return [] if url is None else target_problems(url, CONFIG.webhook_allowed_hosts, "webhook_url")


def _once(graph: Graph, key: str | None, caller: str, url: str | None) -> str:
    if key is None:
        return ""
    payload = [graph.name, *map(asdict, graph.nodes), *([url] if url else [])]
    return once_of(key, None, None, caller).stored("", "", payload, ["flow"])


def _replayed(found: Found, graph: Graph) -> SubmittedFlow:
    if found.how == "reused":
        raise IdempotencyKeyReused("This idempotency key came with another submit before.")
    return SubmittedFlow(found.id, graph.name, len(graph.nodes), is_replay=True)


def _tasks_of(graph: Graph, flow_id: str, caller: str) -> list[NewTask]:
    """Return the task of each node, without its id. Raises InvalidFlow with each problem."""
    tasks, problems = list[NewTask](), list(graph.problems)
    for number, node in enumerate(graph.nodes):
        try:
            # The search for the nearest type takes longer than all else: the first error has it.
            new = _task_of(graph, number, node, flow_id, caller, suggest=not problems)
            tasks.append(new)
        except (InvalidPayload, InvalidQuery, UnknownTaskType, UnknownQueue) as error:
            problems += _problems_of(error, number)
        if len(problems) >= MOST_PROBLEMS:
            break
    if problems:
        raise InvalidFlow(problems[:MOST_PROBLEMS], [node.name for node in graph.nodes])
    return tasks


def _task_of(
    graph: Graph, number: int, node: FlowNode, flow_id: str, caller: str, *, suggest: bool
) -> NewTask:
    found, queue = destination(node.task_type, node.priority, suggest=suggest)
    wrong = [
        Problem(f"/results/{escaped(name)}", "extra_forbidden", "The type has no such parameter.")
        for name in node.results
        if not found.payload.takes(name)
    ]
    if wrong:
        raise InvalidQuery(wrong)
    is_rescue, results = bool(graph.rescued[number]), node.results
    later = {
        parameter: NodeResult(flow_id, graph.numbers.get(name, 0), name, is_rescue)
        for parameter, name in results.items()
    }
    new = found.new_task("", queue, node.payload, later)
    options = SubmitOptions(
        node.tags, node.delay, None, node.expires_in, node.queue_priority,
        webhook_url=node.webhook_url, submitted_by=caller,
    )  # fmt: skip
    new = options.applied(new, queue, node.payload)
    return new._replace(id="", queue=queue, flow=f"{flow_id} {number}")


def _problems_of(
    error: InvalidPayload | InvalidQuery | UnknownTaskType | UnknownQueue, number: int
) -> list[Problem]:
    node = f"/nodes/{number}"
    match error:
        case UnknownTaskType():
            return [Problem(f"{node}/task_type", error.code, error.detail)]
        case UnknownQueue():
            return [Problem(f"{node}/priority", error.code, error.detail)]
        case InvalidPayload():
            node += "/payload"
        case InvalidQuery():
            pass
    return [Problem(node + each.pointer, each.code, each.message) for each in error.problems]


def _pieces(graph: Graph, tasks: Sequence[NewTask]) -> Iterator[list[StoredNode]]:
    """Yield the nodes as they are stored, the one in front of all with the first."""
    piece = [StoredNode("start", "", 0, start_of(graph.first()))]
    for number, (task_id, new) in enumerate(zip(new_ids(len(tasks)), tasks, strict=True)):
        text = _stored(graph, number, new)
        piece.append(StoredNode(number, task_id, graph.before(number), text))
        if len(piece) >= PIECE:
            yield piece
            piece = []
    if piece:
        yield piece


def start_of(first: Sequence[int]) -> str:
    """Return the node in front of these, as it is stored."""
    return json.dumps({"next": first})


def _stored(graph: Graph, number: int, new: NewTask) -> str:
    node = graph.nodes[number]
    stored: dict[str, Any] = {
        "name": node.name,
        "task": new.as_json(),
        "after": list(node.after),
        "next": graph.next[number],
    }
    if node.results:
        stored["results"] = dict(node.results)
    if node.on_failure is not None:
        stored |= {"on_failure": node.on_failure, "rescue": graph.numbers[node.on_failure]}
    return json.dumps(stored, ensure_ascii=False)
