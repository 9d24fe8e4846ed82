"""Alerts in Redis: whose turn it is to look, which conditions hold, what is to be posted.

Every use raises QueueUnavailable as `Broker` does. What is posted is in `huey_tasks.webhooks`.
"""

import secrets
from collections.abc import Mapping, Sequence

from huey_tasks.broker import webhook_keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.connection import redis_errors
from huey_tasks.broker.scripts.webhooks import WebhookScripts


class AlertStore:
    """The alerts of all queues; `broker` is that of the consumer which looks."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._scripts = WebhookScripts(broker.scripts)

    def take_turn(self, turn_ms: int) -> bool:
        """Return whether this caller is the one to look now; False if no webhook wants it."""
        with redis_errors():
            if not self._broker.redis.exists(webhook_keys.alert_wants()):
                return False
            turn, own = webhook_keys.alert_turn(), f"{self._broker.name} {secrets.token_hex(8)}"
            if self._broker.redis.set(turn, own, nx=True, px=turn_ms):
                return True
            # The same call again, because its answer got lost, finds its own turn.
            return self._broker.redis.get(turn) == own.encode()

    def note(self, holding: Mapping[str, str], after_ms: int, task_queue: str) -> list[bytes]:
        """Note the conditions that hold; returns the posts to make deliveries of, as the script."""
        return self._scripts.alerts(
            self._broker.name, holding, after_ms=after_ms, task_queue=task_queue
        )

    def strike(self, posts: Sequence[bytes]) -> None:
        """Take posts off: their deliveries are stored."""
        with redis_errors():
            self._broker.redis.zrem(webhook_keys.alert_posts(), *posts)
