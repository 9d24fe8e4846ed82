"""Alerts: post to webhooks that a condition of the verdict has begun, and that it has ended.

One consumer of all looks in each turn. What it saw, and what is to be posted, is in Redis before
anything is posted; the ids of a delivery and of its task are made of the alert's. So the next turn,
of any consumer, goes on where one that was killed had stopped.
"""

import json
import logging
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from huey_tasks.broker.alert_store import AlertStore
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.webhook_store import NewDelivery, WebhookStore
from huey_tasks.errors import QueueUnavailable
from huey_tasks.monitoring import conditions
from huey_tasks.monitoring.conditions import Condition
from huey_tasks.queues import BROKERS, CONFIG
from huey_tasks.records.models import QueueStats
from huey_tasks.submission.options import MOST_PRIORITY
from huey_tasks.webhooks.delivery_type import new_task
from huey_tasks.webhooks.records import ConditionEvent, Webhook, condition_delivery

logger = logging.getLogger(__name__)

#: Seconds between two looks; less if conditions have to hold for less than three of them.
LOOK_S = 10.0


class Post(NamedTuple):
    """A begin or an end, as `alerts.lua` keeps it. `name`: `<webhook> <code> <subject>`."""

    name: str
    event: str
    began_ms: int
    at_ms: int
    queue: str
    text: str

    @property
    def delivery_id(self) -> str:
        """The id of its delivery, which a repeat makes again."""
        event = f"alert/{self.name}/{self.began_ms}/{self.event}"
        return str(uuid.uuid5(uuid.NAMESPACE_OID, event))


class Alerts:
    """Looks at the conditions, in turn with the other consumers."""

    def __init__(self, broker: Broker, after_s: float) -> None:
        """`after_s`: how long a condition must have held before it is posted."""
        self._store, self._webhooks = AlertStore(broker), WebhookStore(broker)
        self._after_ms = round(after_s * 1000)
        self._interval_s = min(LOOK_S, after_s / 3)
        self._is_stuck = False

    def look(self) -> float:
        """Look, if it is this consumer's turn, and make deliveries; returns when to look again.

        Raises QueueUnavailable.
        """
        # A little shorter than the interval: a single consumer gets each turn.
        if self._store.take_turn(round(self._interval_s * 900)):
            self._look()
        return self._interval_s

    def _look(self) -> None:
        seen = conditions.look(BROKERS)
        holding = {
            f"{condition.code} {subject}": json.dumps(as_posted(condition))
            for subject, condition in conditions.conditions_alone(seen)
        }
        try:
            self._post(self._store.note(holding, self._after_ms, _queue_that_runs(seen.queues)))
        except QueueUnavailable as error:
            if not error.answered:
                raise
            # A full Redis stores no tasks, but running ones can still end.
            if not self._is_stuck:
                logger.warning("alerts wait for Redis: %s", error.cause)
            self._is_stuck = True
            return
        self._is_stuck = False

    def _post(self, entries: Sequence[bytes]) -> None:
        if not entries:
            return
        posts = [Post(*json.loads(entry)) for entry in entries]
        made = list(self._deliveries(posts))
        if made:
            self._webhooks.add(made)
        known = {each.id for each in made}
        for post in (post for post in posts if post.delivery_id in known):
            task = new_task(post.delivery_id, post.delivery_id, post.queue)
            # What waits in the queue may be what the alert is about.
            BROKERS[post.queue].scripts.submit(post.queue, [task._replace(priority=MOST_PRIORITY)])
            webhook, _, condition = post.name.partition(" ")
            level = logging.WARNING if post.event == "began" else logging.INFO
            extra = {"webhook": webhook, "sent_by": post.queue}
            logger.log(level, "alert %s: %s", post.event, condition, extra=extra)
        self._store.strike(entries)

    def _deliveries(self, posts: Sequence[Post]) -> Iterator[NewDelivery]:
        records, now_ms = self._webhooks.records(), BROKERS.now_ms()
        for post in posts:
            stored = records.get(post.name.partition(" ")[0])
            if stored is None:  # deleted since
                continue
            event = ConditionEvent(
                f"condition.{post.event}", json.loads(post.text), post.began_ms, post.at_ms
            )
            webhook = Webhook.of_json(stored)
            made = condition_delivery(post.delivery_id, webhook, event, now_ms)
            yield made._replace(fields={**made.fields, "task_queue": post.queue})


def as_posted(condition: Condition) -> dict[str, Any]:
    """Return a condition as the verdict has it."""
    cause = condition.cause
    return {
        "code": condition.code,
        "severity": condition.severity,
        "title": condition.title,
        "queues": list(condition.queues),
        "number": condition.number,
        "cause": cause
        and {
            "fingerprint": cause.fingerprint,
            "error_type": cause.error_type,
            "message": cause.message,
            "count": cause.count,
        },
        "detail": condition.detail,
        "link": condition.link and f"{CONFIG.root_path}{condition.link}",
    }


def _queue_that_runs(queues: Sequence[QueueStats]) -> str:
    """Return the queue whose workers send: WEBHOOK_QUEUE, or the first that runs if it does not."""
    running = [one.queue for one in queues if one.consumers > 0 and not one.paused]
    wanted = CONFIG.webhook_queue
    return wanted if wanted in running or not running else running[0]
