"""One attempt of a delivery: what the task type of webhooks runs.

At least once: an attempt that is lost runs again, with the same `webhook-id` and the same body. So
a receiver that keeps the ids it has seen processes each once.
"""

import datetime as dt
import json
import logging
from functools import cache
from typing import Any

from huey_tasks import serializer
from huey_tasks.access.targets import target_of
from huey_tasks.broker.flow_store import COUNTS as FLOW_COUNTS
from huey_tasks.broker.flow_store import FlowStore
from huey_tasks.broker.task_hash import from_ms
from huey_tasks.broker.webhook_store import TO_DISABLED, StoredDelivery, WebhookStore
from huey_tasks.execution.retry_rules import Fail
from huey_tasks.huey_adapter.rate_limit import wait_for
from huey_tasks.queues import BROKERS, CONFIG
from huey_tasks.records import tasks
from huey_tasks.webhooks import changes
from huey_tasks.webhooks.delivery_type import RETRY_JITTER
from huey_tasks.webhooks.records import FLOW_ENDS, End, Webhook, stamp
from huey_tasks.webhooks.sending import Answer, Sender

logger = logging.getLogger(__name__)

#: Bytes. A larger result is not in the body: its receiver reads the task.
MOST_RESULT = 16_384

#: In place of a result that is large, or gone with its task.
_LEFT_OUT = {"result": None, "result_left_out": True}

#: Milliseconds. A webhook that has only failed for so long is disabled.
DAY_MS = 86_400_000

#: How many time limits a receiver is spared that has not answered, and how many deliveries then
#: go on in a second.
HOLD_TIMES, GO_ON = 3, 100

#: The receiver wants no more: RFC 9110, and Standard Webhooks.
_GONE = 410


class DeliveryFailed(Exception):
    """An attempt has not been accepted by its receiver; another one follows."""


def deliver(delivery_id: str) -> dict[str, Any]:
    """Post a delivery. Raises DeliveryFailed for another attempt, Fail if none can help.

    While its receiver is spared it raises RateLimitExceeded: the task waits, and no attempt counts.
    """
    store = WebhookStore(BROKERS.first)
    found = store.delivery(delivery_id)
    if found is None:
        raise Fail("its record is no longer kept")
    if "delivered_ms" in found.fields:
        return {"delivered": True, "status": None}
    stored = store.record(found.fields["webhook"])
    webhook = None if stored is None else Webhook.of_json(stored)
    is_a_test = TO_DISABLED in found.fields
    if webhook is None or not (webhook.enabled or is_a_test):  # nothing is to do, nor wrong
        return {"delivered": False, "status": None}
    target = ":".join(map(str, target_of(webhook.url or found.fields["url"])))
    if held_ms := store.held_ms(target, _hold_ms()):
        # It would wait for the same silence as others, and hold every worker of the queue.
        answer = _wait(found, target, held_ms)
    else:
        answer = _send(store, webhook, found, target)
        if not is_a_test:  # else it says nothing of how the events of the webhook arrive
            _judge(store, webhook, answer)
    _keep(store, found, answer)
    if is_a_test and answer.status == _GONE:  # nobody disables it, which would end its attempts
        raise Fail(answer.error)
    if answer.error is not None:
        raise DeliveryFailed(answer.error)
    return {"delivered": True, "status": answer.status}


def _wait(found: StoredDelivery, target: str, held_ms: int) -> Answer:
    """Let the task wait while its receiver is spared, unless it is older than all its waits.

    So a receiver that never answers does not keep its deliveries for ever.
    """
    age_s = (BROKERS.now_ms() - int(found.fields["created_ms"])) / 1000
    if age_s <= sum(CONFIG.webhook_retry_delays):
        wait_for(f"silence of {target}", GO_ON, held_ms)
    return Answer(0, error="not tried: the receiver did not answer a moment ago")


def _send(store: WebhookStore, webhook: Webhook, found: StoredDelivery, target: str) -> Answer:
    body = found.fields.get("body") or store.keep_body(found.id, _body(found))
    headers = _headers(webhook, found.id, body)
    answer = _sender().post(webhook.url or found.fields["url"], headers, body.encode())
    if answer.is_silent:
        store.hold(target, _hold_ms())
    return answer


def _hold_ms() -> int:
    return round(CONFIG.webhook_timeout_s * HOLD_TIMES * 1000)


def _keep(store: WebhookStore, found: StoredDelivery, answer: Answer) -> None:
    """Keep the attempt."""
    now_ms = BROKERS.now_ms()
    line = {
        "at_ms": now_ms - answer.duration_ms,
        "duration_ms": answer.duration_ms,
        "status": answer.status,
        "answer": answer.text,
        "error": answer.error,
    }
    delivered_ms = now_ms if answer.error is None else None
    next_within_ms = round(max(CONFIG.webhook_retry_delays) * (1 + RETRY_JITTER) * 1000)
    store.log_attempt(found, json.dumps(line), delivered_ms, next_within_ms)


def _judge(store: WebhookStore, webhook: Webhook, answer: Answer) -> None:
    """Keep what an answer says of the webhook; disable one that fails for a day."""
    now_ms = BROKERS.now_ms()
    if answer.error is None:
        store.note_success(webhook.id, now_ms)
        return
    since_ms = store.note_failure(webhook.id, now_ms, answer.error)
    if webhook.url is None:  # it stands for the receivers of many callers
        return
    if answer.status == _GONE:
        _disable(webhook, now_ms, "its receiver answered 410 Gone")
    elif now_ms - since_ms >= DAY_MS:
        since = from_ms(since_ms).strftime("%Y-%m-%d %H:%M UTC")
        _disable(webhook, now_ms, f"every attempt since {since} has failed: {answer.error}")


def _disable(webhook: Webhook, now_ms: int, why: str) -> None:
    if changes.disable(webhook.id, now_ms, why):
        logger.warning("webhook disabled: %s", why, extra={"webhook": webhook.id})


def _body(found: StoredDelivery) -> str:
    """Return what is posted: a thin event."""
    end = End.read(found.fields["end"])
    at = stamp(from_ms(end.at_ms))
    data = _data_of_flow(end) if end.is_of_flow else _data_of_task(end, found.fields["queue"])
    event = {"type": end.event, "timestamp": at, "data": {**data, "finished_at": at}}
    return json.dumps(event, separators=(",", ":"))


def _data_of_flow(end: End) -> dict[str, Any]:
    """Return how the flow ended, and the numbers of its nodes as they are now."""
    fields = FlowStore(BROKERS).flow(end.task_id)
    counts = {state: int(fields[state]) for state in FLOW_COUNTS} if fields else None
    created = stamp(from_ms(fields["created_at"])) if fields else None
    return {
        "flow_id": end.task_id,
        "name": fields.get("name"),
        "status": FLOW_ENDS.get(end.state),
        "counts": counts,
        "created_at": created,
        "reason": fields.get("reason"),
    }


def _data_of_task(end: End, queue: str) -> dict[str, Any]:
    """Return how the task ended, with its outcome if that is small."""
    data: dict[str, Any] = {
        "task_id": end.task_id,
        "task_type": end.task_type,
        "status": end.state,
        "queue": queue,
        "tags": [tag for tag in end.tags.split(",") if tag],
    }
    loaded = tasks.load(BROKERS, [(queue, end.task_id)])
    task = loaded[0] if loaded else None  # a sample has none, and that of another may be gone
    is_known = task is not None or end.is_sample
    return data | {
        "attempt": task and task.attempt,
        "max_attempts": task and task.max_attempts,
        "submitted_at": task and stamp(task.submitted_at),
        "started_at": task and stamp(task.started_at),
        "error": task and task.error,
        **(_result(task and task.result) if is_known else _LEFT_OUT),
    }


def _result(result: Any) -> dict[str, Any]:
    plain = json.loads(serializer.dumps(serializer.plain(result)))
    is_small = len(json.dumps(plain)) <= MOST_RESULT
    return {"result": plain} if is_small else _LEFT_OUT


def _headers(webhook: Webhook, delivery_id: str, body: str) -> dict[str, str]:
    # Imported here: an application that only submits has no need of it.
    from standardwebhooks import Webhook as Signer

    now = dt.datetime.now(dt.UTC)
    secrets = webhook.signing(BROKERS.now_ms())
    signatures = [Signer(secret).sign(delivery_id, now, body) for secret in secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "Duckline-Webhooks",
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


@cache
def _sender() -> Sender:
    return Sender(CONFIG.webhook_allowed_hosts, CONFIG.webhook_timeout_s)
