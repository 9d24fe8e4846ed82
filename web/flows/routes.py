"""Flows over HTTP."""

from flask import Response, request

import huey_tasks as tq
from web.flows.schemas import (
    FlowBody,
    FlowDetail,
    FlowList,
    FlowNodesQuery,
    FlowPath,
    FlowRetryBody,
    FlowsQuery,
    FlowSubmitted,
    FlowView,
)
from web.http.body import read_options
from web.http.identity import key_holder
from web.http.reach import check_flow, check_submit, reach
from web.http.responses import respond
from web.http.root_path import address
from web.openapi.answers import header, ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import BODY_PROBLEMS, REFUSALS, problems
from web.operations.operator import ReasonBody, of_operator, operator, operator_of_body
from web.tasks.submit_wishes import OF_FLOW, idempotency_key

flows = ApiBlueprint("flows", "flows")
#: Separate, because the inspector serves all of `flows` but accepts no new ones.
flow_submission = ApiBlueprint("flow_submission", "flows")

#: Bytes of the body of a submit, as of a bulk.
MAX_FLOW_BYTES = 16 * 1024 * 1024

_CHANGES = (*BODY_PROBLEMS, "invalid_request", "flow_not_found", "queue_unavailable")


@flow_submission.before_request
def take_a_large_body() -> None:
    """A flow of 10,000 nodes is larger than other bodies may be."""
    request.max_content_length = MAX_FLOW_BYTES


@flow_submission.post(
    "/flows",
    openapi_extensions=OF_FLOW,
    responses={
        **ok(
            202,
            FlowSubmitted,
            "The flow runs.",
            Location=header("The URL of the flow."),
            **{"Idempotent-Replayed": header("`true`: the first answer to this key.")},
        ),
        **problems(
            *BODY_PROBLEMS, "invalid_request", "invalid_flow", "idempotency_key_reused",
            "queue_unavailable", *REFUSALS,
        ),
    },
)  # fmt: skip
def submit_flow(body: FlowBody) -> Response:
    """Submit a graph of tasks: all of it, or nothing.

    A node starts when all of its `after` have succeeded. If one does not succeed, the nodes behind
    it are skipped, and its `on_failure` starts.
    """
    for node in body.nodes:
        check_submit(node.task_type, node.priority)
    made = tq.submit_flow(
        [node.node() for node in body.nodes],
        name=body.name,
        idempotency_key=idempotency_key(request.environ),
        caller=key_holder() or "",
        webhook_url=body.webhook_url,
    )
    headers = {"Location": address(f"/api/flows/{made.flow_id}")}
    if made.is_replay:
        headers["Idempotent-Replayed"] = "true"
    view = FlowSubmitted(flow_id=made.flow_id, name=made.name, status="running", size=made.size)
    return respond(view, 202, headers)


@flows.get(
    "/flows",
    responses={
        **ok(200, FlowList, "A page of flows."),
        **problems("invalid_request", "queue_unavailable"),
    },
)
def list_flows(query: FlowsQuery) -> Response:
    """List the flows, the newest first, without their nodes."""
    page = tq.list_flows(query.cursor, query.limit, status=query.status, reach=reach())
    return respond(FlowList.model_validate(page))


@flows.get(
    "/flows/<flow_id>",
    responses={
        **ok(200, FlowDetail, "The flow as it is now."),
        **problems("invalid_request", "flow_not_found", "queue_unavailable"),
    },
)
def read_flow(path: FlowPath, query: FlowNodesQuery) -> Response:
    """Read a flow with up to 1,000 of its nodes."""
    flow = tq.get_flow(path.flow_id)
    reach().check_all(flow.task_types, flow.queues)
    page = tq.flow_nodes(flow, query.cursor, query.limit)
    following = None if page.next_offset is None else str(page.next_offset)
    fields = {**vars(flow), "nodes": page.nodes, "next_cursor": following}
    return respond(FlowDetail.model_validate(fields))


@flows.post(
    "/flows/<flow_id>/cancel",
    openapi_extensions=of_operator(ReasonBody),
    responses={
        **ok(200, FlowView, "No node starts any more; it ends with its last task."),
        **problems(*_CHANGES, "flow_finished"),
    },
)
def cancel_flow(path: FlowPath) -> Response:
    """Cancel a flow: its waiting nodes never start, its tasks are cancelled."""
    check_flow(path.flow_id)
    return respond(FlowView.model_validate(tq.cancel_flow(path.flow_id, operator_of_body())))


@flows.post(
    "/flows/<flow_id>/retry",
    openapi_extensions=of_operator(FlowRetryBody),
    responses={
        **ok(202, FlowView, "It runs again."),
        **problems(*_CHANGES, "flow_not_retryable"),
    },
)
def retry_flow(path: FlowPath) -> Response:
    """Run a node of an ended flow again and all behind it, or all that have not succeeded.

    They get new tasks; the other nodes keep their results.
    """
    check_flow(path.flow_id)
    body = read_options(FlowRetryBody)
    node = body.node if "node" in body.model_fields_set else None
    retried = tq.retry_flow(path.flow_id, node, operator(body.reason))
    return respond(FlowView.model_validate(retried), 202)
