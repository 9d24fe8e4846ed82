"""Make deliveries of the ends of tasks: the chore of a consumer that empties its queue's outbox.

The ids of a delivery and of its task are made of the webhook's and the ended task's. So a consumer
that dies between two steps, and two consumers that read the same entries, make nothing twice; an
entry is taken off when its deliveries are stored, so nothing is lost.
"""

import logging
import uuid
from collections.abc import Iterator

from huey_tasks.broker.broker import Broker
from huey_tasks.broker.protocol import NewTask
from huey_tasks.broker.webhook_store import NewDelivery, WebhookStore
from huey_tasks.errors import QueueUnavailable
from huey_tasks.queues import BROKERS, CONFIG
from huey_tasks.webhooks import changes
from huey_tasks.webhooks.delivery_type import new_task
from huey_tasks.webhooks.records import TASKS, End, Webhook, new_delivery

logger = logging.getLogger(__name__)

#: How many ends one look handles.
BATCH = 100


def delivery_id(webhook_id: str, end: End) -> str:
    """Return the id of a delivery; to the URL of a task it is another one than to a webhook's."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"webhook/{webhook_id}/{end.name}"))


class Dispatch:
    """Empties the outbox of one queue."""

    def __init__(self, broker: Broker) -> None:
        self._queue = broker.name
        self._store = WebhookStore(broker)
        self._is_stuck = False

    def run(self) -> float | None:
        """Store the deliveries of posted ends; returns 0 if there may be more of these."""
        entries = self._store.posted(self._queue, BATCH)
        if not entries:
            return None
        made = list(self._deliveries(entries))
        try:
            self._store_all(made)
        except QueueUnavailable as error:
            if not error.answered:
                raise
            # A full Redis stores no tasks, but running ones can still end.
            if not self._is_stuck:
                logger.warning("webhooks wait for Redis: %s", error.cause)
            self._is_stuck = True
            return None
        self._is_stuck = False
        self._store.strike(self._queue, entries)
        return 0.0 if len(entries) == BATCH else None

    def _store_all(self, made: list[NewDelivery]) -> None:
        if not made:
            return
        if any(each.webhook_id == TASKS for each in made):
            changes.ensure_tasks(made[0].at_ms)
        self._store.add(made)
        tasks: list[NewTask] = [new_task(each.id, each.id) for each in made]
        BROKERS[CONFIG.webhook_queue].scripts.submit(CONFIG.webhook_queue, tasks)

    def _deliveries(self, entries: list[bytes]) -> Iterator[NewDelivery]:
        webhooks = self._webhooks()
        for entry in entries:
            try:
                end = End.read(entry)
            except (ValueError, TypeError):
                logger.error("an entry of the outbox cannot be read", extra={"queue": self._queue})
                continue
            for webhook in webhooks:
                if webhook.hears_of(end) and webhook.url is not None:
                    yield self._delivery(webhook.id, webhook.url, end)
            if end.url:
                yield self._delivery(TASKS, end.url, end)

    def _delivery(self, webhook_id: str, url: str, end: End) -> NewDelivery:
        made, queue = delivery_id(webhook_id, end), CONFIG.webhook_queue
        return new_delivery(made, webhook_id, url, self._queue, end, queue)

    def _webhooks(self) -> list[Webhook]:
        found: list[Webhook] = []
        for webhook_id, text in self._store.records().items():
            try:
                found.append(Webhook.of_json(text))
            except (ValueError, TypeError, KeyError):
                logger.error("a webhook cannot be read", extra={"webhook": webhook_id})
        return found
