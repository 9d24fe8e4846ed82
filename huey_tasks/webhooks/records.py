"""What is stored of webhooks and deliveries: JSON as frozen records. Asks Redis nothing."""

import base64
import datetime as dt
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, NamedTuple

from huey_tasks.broker.protocol import FLOW_TYPE
from huey_tasks.broker.states import TERMINAL
from huey_tasks.broker.task_hash import from_ms
from huey_tasks.broker.webhook_store import NewDelivery, Recent

#: The webhook of all tasks that were submitted with a `webhook_url`; it has no URL of its own.
TASKS = "tasks"

#: How a flow has ended, by the state that a webhook chooses it by.
FLOW_ENDS = {"SUCCESS": "succeeded", "FAILURE": "failed", "REVOKED": "cancelled"}

#: The state of a task that a sample tells of; no task ever has it.
SAMPLE = "TEST"

#: The types of the events of conditions.
CONDITION_BEGAN, CONDITION_ENDED, CONDITION_TEST = (
    f"condition.{word}" for word in ("began", "ended", "test")
)

#: Milliseconds for which the old secret signs beside a new one.
OVERLAP_MS = 86_400_000


class End(NamedTuple):
    """How a task, or a flow, ended, as `lib/outbox.lua` posts it. `tags`: `,one,two,`, or nothing.

    A flow is of the type FLOW_TYPE, and its id is the `task_id`.
    """

    task_id: str
    state: str
    task_type: str
    at_ms: str
    tags: str
    url: str

    @classmethod
    def read(cls, entry: bytes | str) -> "End":
        """Read an entry of the outbox. Raises ValueError, TypeError."""
        return cls(*map(str, json.loads(entry)))

    @property
    def is_of_flow(self) -> bool:
        """Whether it is the end of a flow."""
        return self.task_type == FLOW_TYPE

    @property
    def is_sample(self) -> bool:
        """Whether there is no such task."""
        return self.state == SAMPLE

    @property
    def name(self) -> str:
        """What tells it from all others: a flow ends again after a retry, a task only once."""
        return f"{self.task_id}/{self.at_ms}" if self.is_of_flow else self.task_id

    @property
    def event(self) -> str:
        """The type of its event: task.success, task.failure, …; flow.succeeded, …"""
        how = self.state.lower()
        return f"flow.{FLOW_ENDS.get(self.state, how)}" if self.is_of_flow else f"task.{how}"


@dataclass(frozen=True)
class Webhook:
    """A subscription: where to post, and which ends; empty `states`, `task_types`, `tags`: all.

    With `conditions` it hears of the begin and the end of these, and of no task. `secrets`: the
    newest first; the second signs too until `old_until_ms`. `newer`: what a newer version has
    stored besides; in a rolling deploy both read and write the same records.
    """

    id: str
    url: str | None
    description: str
    states: tuple[str, ...]
    task_types: tuple[str, ...]
    tags: tuple[str, ...]
    enabled: bool
    secrets: tuple[str, ...]
    old_until_ms: int
    created_ms: int
    updated_ms: int
    disabled_ms: int | None = None
    disabled_reason: str | None = None
    conditions: tuple[str, ...] = ()
    newer: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    def of_json(cls, text: str) -> "Webhook":
        """Read a stored webhook. Raises ValueError, TypeError for what is none."""
        found: dict[str, Any] = json.loads(text)
        found.pop("wants")
        for name in ("states", "task_types", "tags", "secrets", "conditions"):
            found[name] = tuple(found.get(name, ()))
        own = {each.name for each in fields(cls)}
        newer = {name: found.pop(name) for name in found.keys() - own}
        return cls(**found, newer=newer)

    def as_json(self) -> str:
        """Return the webhook as it is stored; `wants` is for the scripts that end tasks."""
        stored = {**asdict(self), **self.newer, "wants": self._wants()}
        del stored["newer"]
        if not self.conditions:  # older consumers know no such field
            del stored["conditions"]
        return json.dumps(stored)

    def changed(self, now_ms: int, **settings: Any) -> "Webhook":
        """Return it with other settings, and a later `updated_ms` than before.

        Else a second change in one millisecond, or after Redis' clock went back, would be unseen.
        """
        return replace(self, updated_ms=max(now_ms, self.updated_ms + 1), **settings)

    def signing(self, now_ms: int) -> tuple[str, ...]:
        """Return the secrets that sign now."""
        return self.secrets if now_ms < self.old_until_ms else self.secrets[:1]

    def hears_of(self, end: End) -> bool:
        """Return whether an end is to be posted there."""
        if not self._hears_of_tasks():
            return False
        if self.states and end.state not in self.states:
            return False
        # What names no type hears of all tasks, and of no flow.
        if (self.task_types or end.is_of_flow) and end.task_type not in self.task_types:
            return False
        return not self.tags or any(f",{tag}," in end.tags for tag in self.tags)

    def _hears_of_tasks(self) -> bool:
        return self.enabled and self.url is not None and not self.conditions

    def _wants(self) -> list[str]:
        if not self._hears_of_tasks():
            return []
        states: Sequence[str] = self.states or [str(state) for state in TERMINAL]
        return [f"{state}|{name}" for state in states for name in self.task_types or ("",)]


class ConditionEvent(NamedTuple):
    """A condition, as the verdict has it, that has begun at `began_ms`, or ended at `at_ms`."""

    type: str
    condition: dict[str, Any]
    began_ms: int
    at_ms: int

    @property
    def is_end(self) -> bool:
        """Whether it holds no more."""
        return self.type == CONDITION_ENDED


@dataclass(frozen=True)
class WebhookRecord:
    """A webhook for people and programs: without its secrets, with how its deliveries go."""

    id: str
    url: str | None
    description: str
    states: tuple[str, ...]
    task_types: tuple[str, ...]
    tags: tuple[str, ...]
    conditions: tuple[str, ...]
    enabled: bool
    disabled_at: dt.datetime | None
    disabled_reason: str | None
    has_secret: bool
    created_at: dt.datetime | None
    updated_at: dt.datetime | None
    last_success_at: dt.datetime | None
    last_failure_at: dt.datetime | None
    failing_since: dt.datetime | None
    last_error: str | None
    recent: Recent


@dataclass(frozen=True)
class DeliveryAttempt:
    """One attempt: when, how long it took, and what the receiver answered, or why it did not."""

    at: dt.datetime
    duration_ms: int
    status: int | None
    answer: str | None
    error: str | None


@dataclass(frozen=True)
class DeliveryRecord:
    """One event on its way to one webhook; `id` is its `webhook-id` in every attempt.

    It is about a task that ended, or about a `condition`, by its code, and then of no task; `queue`
    is that of either, None for a condition of none. `status`: "pending", "delivered" or "failed".
    `delivered_by`: the task that sends it.
    """

    id: str
    webhook_id: str
    url: str
    event: str
    condition: str | None
    task_id: str | None
    task_type: str | None
    queue: str | None
    status: str
    created_at: dt.datetime
    delivered_at: dt.datetime | None
    next_attempt_at: dt.datetime | None
    delivered_by: str
    attempts: tuple[DeliveryAttempt, ...]


def new_secret() -> str:
    """Return a new secret, in the form of Standard Webhooks: 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def record_of(webhook: Webhook, health: dict[str, str], recent: Recent) -> WebhookRecord:
    """Return a webhook without its secrets."""
    return WebhookRecord(
        webhook.id,
        webhook.url,
        webhook.description,
        webhook.states,
        webhook.task_types,
        webhook.tags,
        webhook.conditions,
        webhook.enabled,
        _time(webhook.disabled_ms),
        webhook.disabled_reason,
        bool(webhook.secrets),
        _time(webhook.created_ms or None),
        _time(webhook.updated_ms or None),
        _time(health.get("succeeded_ms")),
        _time(health.get("failed_ms")),
        _time(health.get("failing_since_ms")),
        health.get("error"),
        recent,
    )


def attempt_of(line: str) -> DeliveryAttempt:
    """Read an attempt as `deliver` has written it."""
    found: dict[str, Any] = json.loads(line)
    return DeliveryAttempt(
        from_ms(found["at_ms"]),
        found["duration_ms"],
        found["status"],
        found["answer"],
        found["error"],
    )


def new_delivery(
    delivery_id: str, webhook_id: str, url: str, queue: str, end: End, task_queue: str
) -> NewDelivery:
    """Return the delivery of an end, as it is stored; the task that sends it has its id.

    `task_queue`: the queue of that task, since WEBHOOK_QUEUE may be another one later.
    """
    fields = {
        "webhook": webhook_id,
        "url": url,
        "queue": queue,
        "end": json.dumps(end),
        "created_ms": end.at_ms,
        "task_id": delivery_id,
        "task_queue": task_queue,
    }
    return NewDelivery(delivery_id, webhook_id, int(end.at_ms), fields)


def condition_delivery(
    delivery_id: str, webhook: Webhook, event: ConditionEvent, now_ms: int
) -> NewDelivery:
    """Return the delivery of a condition as it is stored; its body is known at once."""
    queues: list[str] = event.condition["queues"]
    data = {**event.condition, "began_at": stamp(from_ms(event.began_ms))}
    data["ended_at"] = stamp(from_ms(event.at_ms)) if event.is_end else None
    body = {"type": event.type, "timestamp": stamp(from_ms(event.at_ms)), "data": data}
    fields = {
        "webhook": webhook.id,
        "url": webhook.url or "",
        "queue": queues[0] if queues else "",
        "event": event.type,
        "condition": event.condition["code"],
        "body": json.dumps(body, separators=(",", ":")),
        "created_ms": str(now_ms),
        "task_id": delivery_id,
    }
    return NewDelivery(delivery_id, webhook.id, now_ms, fields)


def stamp(time: dt.datetime | None) -> str | None:
    """Return a time as the body of a delivery has it."""
    return None if time is None else time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _time(ms: str | int | None) -> dt.datetime | None:
    return None if ms is None else from_ms(ms)
