"""Webhooks in Redis: their records, the outbox of a queue, deliveries and their attempts.

Every use raises QueueUnavailable as `Broker` does. What the texts mean is in `huey_tasks.webhooks`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from huey_tasks.broker import webhook_keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.connection import redis_errors
from huey_tasks.broker.scripts.webhooks import WebhookScripts

#: Milliseconds. A delivery is kept for this long after its last attempt; before the first one for
#: longer, because its queue may be paused.
KEPT_MS, UNTRIED_MS = 3 * 86_400_000, 30 * 86_400_000

#: How many deliveries of a webhook are listed, and attempts of one are kept.
MOST_DELIVERIES, MOST_ATTEMPTS = 1000, 30

#: How many deliveries the share of those that have arrived is of.
MOST_RECENT = 20

#: A field of a delivery that is a test of a webhook that was disabled: it is sent all the same, and
#: says nothing of how the events of this webhook arrive.
TO_DISABLED = "to_disabled"

_HEALTH_MS = 30 * 86_400_000


class NewDelivery(NamedTuple):
    """A delivery to be stored: its id, its webhook, and its fields."""

    id: str
    webhook_id: str
    at_ms: int
    fields: Mapping[str, str]


class StoredDelivery(NamedTuple):
    """A delivery as Redis has it, with its attempts (JSON), the oldest first."""

    id: str
    fields: dict[str, str]
    attempts: list[str]


class Recent(NamedTuple):
    """How many of the latest deliveries of a webhook, at most MOST_RECENT, have arrived."""

    deliveries: int
    delivered: int


class WebhookStore:
    """The webhooks of all queues; `broker` is any of them."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    # ---- webhooks

    def records(self) -> dict[str, str]:
        """Return the records (JSON) by id."""
        with redis_errors():
            return _texts(self._broker.redis.hgetall(webhook_keys.webhooks()))

    def record(self, webhook_id: str) -> str | None:
        """Return one record (JSON), None if there is none."""
        with redis_errors():
            found = self._broker.redis.hget(webhook_keys.webhooks(), webhook_id)
        return None if found is None else cast(bytes, found).decode()

    def save(
        self, webhook_id: str, expected: str, record: str, most: int, operation: str = ""
    ) -> str:
        """Store a record if it is the `expected` one; "" stands for none. Returns as the script."""
        return WebhookScripts(self._broker.scripts).webhook_save(
            self._broker.name, webhook_id, expected, record, most, operation=operation
        )

    def healths(self, webhook_ids: Sequence[str]) -> list[dict[str, str]]:
        """Return what is known of the health of each webhook."""
        with self._broker.pipeline() as pipe:
            for webhook_id in webhook_ids:
                pipe.hgetall(webhook_keys.health(webhook_id))
            return [_texts(found) for found in pipe.execute()]

    def recent(self, webhook_ids: Sequence[str]) -> list[Recent]:
        """Return how the latest deliveries of each webhook went, in two round trips."""
        with self._broker.pipeline() as pipe:
            for webhook_id in webhook_ids:
                pipe.zrevrange(webhook_keys.deliveries(webhook_id), 0, MOST_RECENT - 1)
            listed = cast("list[list[bytes]]", pipe.execute())
        with self._broker.pipeline() as pipe:
            for each in (each for of_webhook in listed for each in of_webhook):
                fields = ["webhook", "delivered_ms", TO_DISABLED]
                pipe.hmget(webhook_keys.delivery(each.decode()), fields)
            found = iter(pipe.execute())
        kept: list[list[bool]] = []
        for ids in listed:
            of_webhook = [next(found) for _ in ids]
            events = [at for webhook, at, is_test in of_webhook if webhook and not is_test]
            kept.append([at is not None for at in events])
        return [Recent(len(each), sum(each)) for each in kept]

    def note_success(self, webhook_id: str, now_ms: int) -> None:
        """Keep that a delivery has arrived."""
        key = webhook_keys.health(webhook_id)
        with self._broker.pipeline() as pipe:
            pipe.hset(key, "succeeded_ms", now_ms)
            pipe.hdel(key, "failing_since_ms", "error")
            pipe.pexpire(key, _HEALTH_MS)
            pipe.execute()

    def note_failure(self, webhook_id: str, now_ms: int, error: str) -> int:
        """Keep that an attempt has failed; returns since when all have, in ms."""
        key = webhook_keys.health(webhook_id)
        with self._broker.pipeline() as pipe:
            pipe.hsetnx(key, "failing_since_ms", now_ms)
            pipe.hset(key, mapping={"failed_ms": now_ms, "error": error})
            pipe.pexpire(key, _HEALTH_MS)
            pipe.hget(key, "failing_since_ms")
            return int(pipe.execute()[-1])

    def forget(self, webhook_id: str) -> None:
        """Remove what is kept beside the record of a webhook."""
        with redis_errors():
            self._broker.redis.delete(
                webhook_keys.health(webhook_id), webhook_keys.deliveries(webhook_id)
            )

    def forgive(self, webhook_id: str) -> None:
        """Forget since when a webhook fails: it is enabled again, or posts to another URL."""
        with redis_errors():
            self._broker.redis.hdel(webhook_keys.health(webhook_id), "failing_since_ms", "error")

    def hold(self, target: str, for_ms: int) -> None:
        """Spare a receiver for a time."""
        with redis_errors():
            self._broker.redis.set(webhook_keys.hold(target), 1, px=for_ms)

    def held_ms(self, target: str, most_ms: int) -> int:
        """Return the milliseconds for which a receiver is spared, 0 if it is not.

        It is spared for at most `most_ms`: when more are left, the clock of Redis has gone back.
        """
        with redis_errors():
            left_ms = int(self._broker.redis.pttl(webhook_keys.hold(target)))
        return left_ms if 0 < left_ms <= most_ms else 0

    # ---- the outbox of a queue

    def posted(self, queue: str, most: int) -> list[bytes]:
        """Return the oldest entries of an outbox."""
        with redis_errors():
            found = self._broker.redis.zrange(webhook_keys.outbox(queue), 0, most - 1)
        return cast("list[bytes]", found)

    def strike(self, queue: str, entries: Sequence[bytes]) -> None:
        """Take entries off an outbox: their deliveries are stored."""
        with redis_errors():
            self._broker.redis.zrem(webhook_keys.outbox(queue), *entries)

    # ---- deliveries

    def add(self, new: Sequence[NewDelivery]) -> None:
        """Store deliveries; of one that is there already nothing changes."""
        with self._broker.pipeline() as pipe:
            for each in new:
                key, listed = (
                    webhook_keys.delivery(each.id),
                    webhook_keys.deliveries(each.webhook_id),
                )
                for name, text in each.fields.items():
                    pipe.hsetnx(key, name, text)
                pipe.pexpire(key, UNTRIED_MS)
                pipe.zadd(listed, {each.id: each.at_ms}, nx=True)
                pipe.pexpire(listed, KEPT_MS)
            pipe.execute()
        for webhook_id in {each.webhook_id for each in new}:
            self._trim(webhook_keys.deliveries(webhook_id))

    def delivery(self, delivery_id: str) -> StoredDelivery | None:
        """Return a delivery, None if there is none."""
        found = self._deliveries([delivery_id])
        return found[0] if found else None

    def deliveries(self, webhook_id: str, after: str | None, most: int) -> list[StoredDelivery]:
        """Return the deliveries of a webhook, the newest first; those behind `after` if given."""
        listed = webhook_keys.deliveries(webhook_id)
        with redis_errors():
            begin = 0
            if after is not None:
                rank = self._broker.redis.zrevrank(listed, after)
                if rank is None:
                    return []
                begin = int(rank) + 1
            ids = self._broker.redis.zrevrange(listed, begin, MOST_DELIVERIES)
        found: list[
            StoredDelivery
        ] = []  # of the oldest in the list there may be no record any more
        while ids and len(found) < most:
            found += self._deliveries([cast(bytes, each).decode() for each in ids[:most]])
            ids = ids[most:]
        return found[:most]

    def keep_body(self, delivery_id: str, body: str) -> str:
        """Keep the body of a delivery; returns the first that was kept, which all attempts send."""
        key = webhook_keys.delivery(delivery_id)
        with self._broker.pipeline() as pipe:
            pipe.hsetnx(key, "body", body)
            pipe.hget(key, "body")
            return cast(bytes, pipe.execute()[-1]).decode()

    def log_attempt(
        self, found: StoredDelivery, line: str, delivered_ms: int | None, next_within_ms: int
    ) -> None:
        """Add an attempt (JSON) to a delivery, and that it has arrived, or until when another
        one follows; list it again if the list has gone meanwhile."""
        key, log = webhook_keys.delivery(found.id), webhook_keys.attempts(found.id)
        listed = webhook_keys.deliveries(found.fields["webhook"])
        lasts_ms = KEPT_MS + (next_within_ms if delivered_ms is None else 0)
        with self._broker.pipeline() as pipe:
            pipe.lrem(log, -1, line)  # it is there if this is sent again, as its answer got lost
            pipe.rpush(log, line)
            pipe.ltrim(log, -MOST_ATTEMPTS, -1)
            pipe.pexpire(log, lasts_ms)
            if delivered_ms is not None:
                pipe.hset(key, "delivered_ms", delivered_ms)
            pipe.pexpire(key, lasts_ms)
            pipe.zadd(listed, {found.id: int(found.fields["created_ms"])}, nx=True)
            pipe.pexpire(listed, lasts_ms)
            pipe.execute()

    def begin_again(self, delivery_id: str, task_id: str, task_queue: str) -> None:
        """Let another task, of that queue, send a delivery, also one that has arrived."""
        key = webhook_keys.delivery(delivery_id)
        with self._broker.pipeline() as pipe:
            pipe.hset(key, mapping={"task_id": task_id, "task_queue": task_queue})
            pipe.hdel(key, "delivered_ms")
            pipe.pexpire(key, UNTRIED_MS)
            pipe.pexpire(webhook_keys.attempts(delivery_id), UNTRIED_MS)
            pipe.execute()

    def _trim(self, listed: str) -> None:
        """Take the oldest off a list; of those only what has not arrived yet is kept."""
        with redis_errors():
            old = self._broker.redis.zrange(listed, 0, -MOST_DELIVERIES - 1)
        if not old:
            return
        ids = [cast(bytes, each).decode() for each in old]
        with self._broker.pipeline() as pipe:
            for each in ids:
                pipe.hexists(webhook_keys.delivery(each), "delivered_ms")
            has_arrived = pipe.execute()
            for each in (each for each, arrived in zip(ids, has_arrived, strict=True) if arrived):
                pipe.delete(webhook_keys.delivery(each), webhook_keys.attempts(each))
            pipe.zrem(listed, *ids)
            pipe.execute()

    def _deliveries(self, ids: Sequence[str]) -> list[StoredDelivery]:
        with self._broker.pipeline() as pipe:
            for each in ids:
                pipe.hgetall(webhook_keys.delivery(each))
                pipe.lrange(webhook_keys.attempts(each), 0, -1)
            replies = pipe.execute()
        return [
            StoredDelivery(each, _texts(fields), [line.decode() for line in lines])
            for each, fields, lines in zip(ids, replies[::2], replies[1::2], strict=True)
            if fields
        ]


def _texts(found: Any) -> dict[str, str]:
    return {name.decode(): text.decode() for name, text in found.items()}
