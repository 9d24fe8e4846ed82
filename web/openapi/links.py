"""The links of the OpenAPI document: which field of an answer is a parameter of which operation."""

from collections.abc import Iterable
from typing import Any, NamedTuple

_ID = "$response.body#/"


class _Link(NamedTuple):
    """One answer of an operation, what of it is a parameter, and of which operations."""

    source: str
    statuses: tuple[str, ...]
    parameters: dict[str, str]
    targets: tuple[str, ...]


_OF_TASK = ("read_task", "change_task", "cancel_task", "retry_task", "follow_task", "explain_task")
_OF_SCHEDULE = (
    "read_schedule", "put_schedule", "change_schedule", "run_schedule", "delete_schedule",
)  # fmt: skip
_OF_WEBHOOK = (
    "read_webhook", "change_webhook", "rotate_webhook_secret", "list_deliveries", "test_webhook",
    "delete_webhook",
)  # fmt: skip
_OF_FLOW = ("read_flow", "cancel_flow", "retry_flow")
_OF_QUEUE = ("pause_queue", "drain_queue", "resume_queue", "purge_queue")
_OF_FUNCTION = ("read_function", "read_source", "list_events", "invoke_function", "save_event")
_EVENT = {"name": "$request.path.name", "event": "$request.path.event"}
_DELIVERY = {
    "webhook_id": _ID + "deliveries/0/webhook_id",
    "delivery_id": _ID + "deliveries/0/id",
}

_LINKS = (
    _Link("submit_task", ("202",), {"task_id": _ID + "task_id"}, _OF_TASK),
    _Link("run_schedule", ("202",), {"task_id": _ID + "task_id"}, ("read_task",)),
    _Link("list_tasks", ("200",), {"task_id": _ID + "tasks/0/task_id"}, _OF_TASK),
    _Link("create_schedule", ("201",), {"name": _ID + "name"}, _OF_SCHEDULE),
    _Link("put_schedule", ("200", "201"), {"name": _ID + "name"}, _OF_SCHEDULE),
    _Link("submit_flow", ("202",), {"flow_id": _ID + "flow_id"}, _OF_FLOW),
    _Link("create_webhook", ("201",), {"webhook_id": _ID + "id"}, _OF_WEBHOOK),
    _Link("list_deliveries", ("200",), _DELIVERY, ("replay_delivery",)),
    _Link(
        "list_task_types",
        ("200",),
        {"task_type": _ID + "task_types/0/task_type"},
        ("read_limits", "set_limits", "delete_limits"),
    ),
    _Link(
        "list_failures",
        ("200",),
        {"fingerprint": _ID + "groups/0/fingerprint"},
        ("read_failure", "retry_failure"),
    ),
    _Link("list_queues", ("200",), {"queue": _ID + "queues/0/queue"}, _OF_QUEUE),
    _Link("act_on_tasks", ("200",), {"undo_id": _ID + "undo_id"}, ("undo",)),
    _Link("purge_queue", ("200",), {"undo_id": _ID + "undo_id"}, ("undo",)),
    _Link("list_functions", ("200",), {"name": _ID + "functions/0/name"}, _OF_FUNCTION),
    _Link("save_event", ("200", "201"), _EVENT, ("read_event", "delete_event")),
)


def add_links(operations: Iterable[dict[str, Any]]) -> None:
    """Add the links to the answers of `operations`."""
    by_id = {operation["operationId"]: operation for operation in operations}
    for link in _LINKS:
        for status in link.statuses:
            answer = by_id[link.source]["responses"][status]
            answer.setdefault("links", {}).update(
                (target, {"operationId": target, "parameters": link.parameters})
                for target in link.targets
            )
