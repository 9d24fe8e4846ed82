"""Read and replay the deliveries of a webhook, and send it a sample."""

from collections.abc import Sequence
from dataclasses import dataclass

from huey_tasks.audit.operation import Action, Operator
from huey_tasks.broker.task_hash import from_ms
from huey_tasks.broker.webhook_store import MOST_DELIVERIES, TO_DISABLED, StoredDelivery
from huey_tasks.errors import InvalidQuery, Problem
from huey_tasks.monitoring.conditions import Condition
from huey_tasks.queues import BROKERS, CONFIG
from huey_tasks.records import tasks
from huey_tasks.records.ids import is_task_id, new_id
from huey_tasks.records.models import TaskRecord
from huey_tasks.webhooks import changes, service
from huey_tasks.webhooks.alerts import as_posted
from huey_tasks.webhooks.changes import STORE
from huey_tasks.webhooks.delivery_type import new_task
from huey_tasks.webhooks.errors import DeliveryNotFound
from huey_tasks.webhooks.records import (
    CONDITION_TEST,
    ConditionEvent,
    DeliveryRecord,
    End,
    Webhook,
    attempt_of,
    condition_delivery,
    new_delivery,
)

#: Where a task of a sample event is said to stand; no task ever does.
_SAMPLE = "TEST"


@dataclass(frozen=True)
class DeliveryPage:
    """Deliveries, the newest first; `next_cursor` is None behind the last."""

    deliveries: tuple[DeliveryRecord, ...]
    next_cursor: str | None


def list_deliveries(webhook_id: str, cursor: str | None = None, most: int = 50) -> DeliveryPage:
    """Return the deliveries of a webhook, of the newest 1,000.

    Raises WebhookNotFound, InvalidQuery for a forged cursor.
    """
    webhook = service.find(webhook_id)
    if cursor is not None and not is_task_id(cursor):
        rule = "This is not a cursor that Duckline returned."
        raise InvalidQuery([Problem("/cursor", "cursor", rule)])
    found = STORE.deliveries(webhook_id, cursor, min(most, MOST_DELIVERIES))
    more = found[-1].id if len(found) == most else None
    return DeliveryPage(tuple(_delivery_records(webhook, found)), more)


def replay_delivery(
    webhook_id: str, delivery_id: str, by: Operator | None = None
) -> DeliveryRecord:
    """Send a delivery again, with the same `webhook-id` and body, also one that has arrived.

    Raises WebhookNotFound, DeliveryNotFound, InvalidQuery for a disabled one, QueueUnavailable.
    """
    webhook = service.find(webhook_id)
    _check_enabled(webhook)
    found = STORE.delivery(delivery_id)
    if found is None or found.fields["webhook"] != webhook_id:
        raise DeliveryNotFound("This webhook has no such delivery; it keeps them for three days.")
    task_id, queue = new_id(), _task_queue(found)
    queue = queue if queue in BROKERS else CONFIG.webhook_queue
    STORE.begin_again(delivery_id, task_id, queue)
    BROKERS[queue].scripts.submit(queue, [new_task(task_id, delivery_id, queue)])
    operation = service.operation_of(Action.WEBHOOK_REPLAY, by, delivery_id)
    if operation is not None:
        changes.change(webhook_id, lambda webhook: webhook, operation)
    again = STORE.delivery(delivery_id) or found
    return _delivery_records(webhook, [again])[0]


def send_sample(webhook_id: str, by: Operator | None = None) -> DeliveryRecord:
    """Send a sample event, `task.test`, now: signed, tried again and listed like every other.

    Its `task_id` names no task. To a webhook of conditions it is `condition.test`. To a disabled
    one it is sent as well, and then nothing else comes of it. Raises WebhookNotFound, InvalidQuery
    for that of `webhook_url`, QueueUnavailable.
    """
    webhook = service.find(webhook_id)
    if webhook.url is None:
        raise InvalidQuery([Problem("", "fixed", "The webhook of webhook_url has no URL to test.")])
    made, queue, now_ms = new_id(), CONFIG.webhook_queue, BROKERS.now_ms()
    if webhook.conditions:
        sample = as_posted(Condition(webhook.conditions[0], "fine", "A sample: nothing is wrong."))
        event = ConditionEvent(CONDITION_TEST, sample, now_ms, now_ms)
        delivery = condition_delivery(made, webhook, event, now_ms)
    else:
        kind = webhook.task_types[0] if webhook.task_types else "sample"
        end = End(new_id(), _SAMPLE, kind, str(now_ms), f",{','.join(webhook.tags)},", "")
        delivery = new_delivery(made, webhook_id, webhook.url, queue, end, queue)
    if not webhook.enabled:
        delivery = delivery._replace(fields={**delivery.fields, TO_DISABLED: "1"})
    STORE.add([delivery])
    BROKERS[queue].scripts.submit(queue, [new_task(made, made)])
    operation = service.operation_of(Action.WEBHOOK_TEST, by, webhook_id)
    if operation is not None:
        changes.change(webhook_id, lambda webhook: webhook, operation)
    found = STORE.delivery(made)
    assert found is not None
    return _delivery_records(webhook, [found])[0]


def _check_enabled(webhook: Webhook) -> None:
    if not webhook.enabled:
        raise InvalidQuery([Problem("", "disabled", "The webhook is disabled; enable it first.")])


def _task_queue(found: StoredDelivery) -> str:
    """Return the queue of the task that sends a delivery; QUEUES may not name it any more."""
    return found.fields.get("task_queue", CONFIG.webhook_queue)


def _delivery_records(webhook: Webhook, found: Sequence[StoredDelivery]) -> list[DeliveryRecord]:
    pairs = [(_task_queue(each), each.fields["task_id"]) for each in found]
    by_id = {task.task_id: task for task in tasks.load(BROKERS, pairs)}
    return [_delivery_record(webhook, each, by_id.get(each.fields["task_id"])) for each in found]


def _delivery_record(
    webhook: Webhook, found: StoredDelivery, sender: TaskRecord | None
) -> DeliveryRecord:
    """Return a delivery; its own record says if it has arrived, its task whether it still may."""
    fields = found.fields
    end = End.read(fields["end"]) if "end" in fields else None
    # Its task is stored behind it; afterwards it is gone only when its record is no longer kept.
    is_live = not found.attempts if sender is None else not sender.status.terminal
    attempts = tuple(attempt_of(line) for line in found.attempts)
    arrived = from_ms(fields["delivered_ms"]) if "delivered_ms" in fields else None
    if arrived is None and sender is None and attempts and attempts[-1].error is None:
        arrived = attempts[-1].at  # who began to send it again died before there was a task
    return DeliveryRecord(
        id=found.id,
        webhook_id=fields["webhook"],
        url=webhook.url or fields["url"],
        event=fields["event"] if end is None else end.event,
        condition=fields.get("condition"),
        task_id=end and end.task_id,
        task_type=end and end.task_type,
        queue=fields["queue"] or None,
        status="delivered" if arrived else "pending" if is_live else "failed",
        created_at=from_ms(fields["created_ms"]),
        delivered_at=arrived,
        next_attempt_at=sender.next_retry_at if sender is not None and not arrived else None,
        delivered_by=fields["task_id"],
        attempts=attempts,
    )
