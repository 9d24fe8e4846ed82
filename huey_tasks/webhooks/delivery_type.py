"""The task type that delivers webhooks: our own, which no caller submits, and no form shows."""

from functools import cache
from typing import Any

from huey_tasks import serializer
from huey_tasks.broker.protocol import DELIVERY_TYPE, NewTask
from huey_tasks.huey_adapter.task_template import TaskTemplate
from huey_tasks.queues import CONFIG, QUEUES

#: Seconds of an attempt beside the wait for its receiver.
_MARGIN_S = 20.0

#: The share by which a wait between two attempts may be longer or shorter.
RETRY_JITTER = 0.1


def _deliver(delivery_id: str) -> dict[str, Any]:
    # Imported by the worker that sends: what it needs is not installed where tasks are submitted.
    from huey_tasks.webhooks.deliver import deliver

    return deliver(delivery_id)


_OPTIONS: dict[str, Any] = {
    "name": DELIVERY_TYPE,
    "place": "Duckline itself",
    "retries": len(CONFIG.webhook_retry_delays),
    "retry_delay": CONFIG.webhook_retry_delays,
    "retry_jitter": RETRY_JITTER,
    "timeout": CONFIG.webhook_timeout_s + _MARGIN_S,
}
_WRAPPERS = {name: queue.task(**_OPTIONS)(_deliver) for name, queue in QUEUES.items()}


def new_task(task_id: str, delivery_id: str, queue: str = CONFIG.webhook_queue) -> NewTask:
    """Make the task that sends a delivery, for that queue."""
    payload = {"delivery_id": delivery_id}
    return _template(queue).cast(task_id, payload, serializer.dumps(payload))


@cache
def _template(queue: str) -> TaskTemplate:
    return TaskTemplate(QUEUES[queue], _WRAPPERS[queue])
