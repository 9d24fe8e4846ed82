"""The keys of webhooks, as `keys.py` has those of tasks; all but the outbox are of all queues."""

from huey_tasks.broker.keys import of_all_queues, root


def outbox(queue: str) -> str:
    """ZSET of the ended tasks that webhooks hear of, JSON, by when they ended.

    The script that ends a task adds; a consumer of the queue takes off what it has made
    deliveries of.
    """
    return f"{root(queue)}:outbox"


def webhooks() -> str:
    """HASH of the webhooks by id, JSON, at most 100. `webhook_save` writes; until it is deleted."""
    return of_all_queues("webhooks")


def wanted() -> str:
    """SET of the ends that some webhook wants, `state|type`, or `state|` for all types.

    `webhook_save` writes it from all webhooks; `lib/outbox.lua` looks at it.
    """
    return of_all_queues("webhook-ends")


def health(webhook_id: str) -> str:
    """HASH: when a webhook last succeeded and failed, in ms, and since when it only fails.

    30 days after its last attempt.
    """
    return of_all_queues(f"webhook-health:{webhook_id}")


def hold(target: str) -> str:
    """STRING: a receiver (host:port) has just not answered in time. Lives for three time limits."""
    return of_all_queues(f"webhook-hold:{target}")


def deliveries(webhook_id: str) -> str:
    """ZSET of the deliveries of a webhook by when they were made, the newest 1,000. As the last."""
    return of_all_queues(f"webhook-deliveries:{webhook_id}")


def delivery(delivery_id: str) -> str:
    """HASH, one delivery: what it is about, its body, and how it went.

    3 days after its last attempt, or after the time of the next one; 30 days before the first.
    """
    return of_all_queues(f"webhook-delivery:{delivery_id}")


def attempts(delivery_id: str) -> str:
    """LIST of the last 30 attempts of a delivery, JSON. Lives as long as the delivery."""
    return of_all_queues(f"webhook-attempts:{delivery_id}")


def alert_wants() -> str:
    """SET of what webhooks want to hear of, `<webhook> <code of a condition>`.

    `webhook_save` writes it from all webhooks. Without it no consumer looks at conditions.
    """
    return of_all_queues("alert-wants")


def alerts() -> str:
    """HASH of the conditions that hold, JSON, by `<webhook> <code> <subject>`.

    `alerts` writes: since when, whether the webhook has heard of it, since when it is gone.
    """
    return of_all_queues("alerts")


def alert_posts() -> str:
    """ZSET of the begins and ends that no deliveries are stored of yet, JSON, by their times."""
    return of_all_queues("alert-posts")


def alert_turn() -> str:
    """STRING: which consumer looks at the conditions in this turn. Lives until the next one."""
    return of_all_queues("alert-turn")
