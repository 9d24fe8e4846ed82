"""Create, change, delete and list webhooks; checks their fields. `deliveries` has what is sent."""

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from huey_tasks.access.targets import target_problems
from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action, Operation, Operator
from huey_tasks.broker.protocol import FLOW_TYPE
from huey_tasks.broker.states import TERMINAL, TaskState
from huey_tasks.broker.webhook_store import Recent
from huey_tasks.declaration.options import nearest
from huey_tasks.errors import ChangedMeanwhile, InvalidQuery, Problem
from huey_tasks.monitoring.conditions import CODES
from huey_tasks.queues import BROKERS, CONFIG
from huey_tasks.registry import types
from huey_tasks.search.query import state_named
from huey_tasks.submission.tags import checked_tags
from huey_tasks.values.plain_text import is_plain
from huey_tasks.webhooks import changes
from huey_tasks.webhooks.changes import STORE
from huey_tasks.webhooks.records import (
    OVERLAP_MS,
    TASKS,
    Webhook,
    WebhookRecord,
    new_secret,
    record_of,
)

#: Task types of one webhook, and characters of its description.
MOST_TYPES, MOST_DESCRIPTION = 20, 200

#: How a flow can end, in the states of tasks.
FLOW_ENDS = (TaskState.SUCCESS, TaskState.FAILURE, TaskState.REVOKED)

#: What other queues call a condition.
_OTHER_WORDS = {
    "backlog": "waiting_long",
    "dead": "set_aside",
    "error_rate": "failing",
    "late": "waiting_long",
    "no_consumers": "no_consumer",
    "no_worker": "no_consumer",
    "no_workers": "no_consumer",
    "quarantine": "set_aside",
}


@dataclass(frozen=True)
class WebhookChanges:
    """Changes of a webhook; None leaves a field as it is."""

    url: str | None = None
    description: str | None = None
    states: Sequence[str] | None = None
    task_types: Sequence[str] | None = None
    tags: Sequence[str] | None = None
    enabled: bool | None = None
    conditions: Sequence[str] | None = None

    def fields(self) -> dict[str, Any]:
        """Return what changes, in its stored form. Raises InvalidQuery."""
        wrong: list[Problem] = []
        if self.url is not None:
            wrong += target_problems(self.url, CONFIG.webhook_allowed_hosts, "url")
        wrong += _wrong_description(self.description) + _wrong_states(self.states)
        wrong += _wrong_conditions(self.conditions)
        if self.task_types is not None and len(self.task_types) > MOST_TYPES:
            rule = f"A webhook has at most {MOST_TYPES} task types; none for all."
            wrong.append(Problem("/task_types", "too_many", rule))
        if wrong:
            raise InvalidQuery(wrong)
        if unknown := types.unknown(self.task_types or (), but=FLOW_TYPE):
            raise InvalidQuery(unknown)
        checked_tags(self.tags or ())
        given = {name: value for name, value in vars(self).items() if value is not None}
        for name in given.keys() & {"states", "task_types", "tags", "conditions"}:
            given[name] = tuple(dict.fromkeys(given[name]))
        return given


def create_webhook(
    url: str,
    *,
    description: str = "",
    states: Sequence[str] = (),
    task_types: Sequence[str] = (),
    tags: Sequence[str] = (),
    conditions: Sequence[str] = (),
    by: Operator | None = None,
) -> tuple[WebhookRecord, str]:
    """Create a webhook; returns it, and its secret, which is shown only now.

    It hears of tasks that end in one of the `states`, are of one of the `task_types` and have one
    of the `tags`; an empty list stands for all. Or it hears of `conditions` of the verdict, by
    their codes, and of no task. Raises InvalidQuery, TooManyWebhooks, QueueUnavailable.
    """
    wanted = WebhookChanges(url, description, states, task_types, tags, conditions=conditions)
    fields = wanted.fields()
    webhook_id, secret, now_ms = f"wh_{secrets.token_hex(8)}", new_secret(), BROKERS.now_ms()
    made = Webhook(
        id=webhook_id,
        enabled=True,
        secrets=(secret,),
        old_until_ms=0,
        created_ms=now_ms,
        updated_ms=now_ms,
        **fields,
    )
    _check_kind(made)
    changes.create(made, operation_of(Action.WEBHOOK_CREATE, by, webhook_id))
    return record_of(made, {}, Recent(0, 0)), secret


def list_webhooks() -> list[WebhookRecord]:
    """Return all webhooks, that of `webhook_url` first. Raises QueueUnavailable."""
    found = {webhook_id: Webhook.of_json(text) for webhook_id, text in STORE.records().items()}
    found.setdefault(TASKS, changes.of_tasks(0))
    order = sorted(found.values(), key=lambda each: (each.id != TASKS, each.created_ms, each.id))
    return _records(order)


def get_webhook(webhook_id: str) -> WebhookRecord:
    """Return one webhook. Raises WebhookNotFound, QueueUnavailable."""
    return _records([find(webhook_id)])[0]


def change_webhook(
    webhook_id: str,
    wanted: WebhookChanges,
    by: Operator | None = None,
    *,
    if_updated_at: dt.datetime | None = None,
) -> WebhookRecord:
    """Change a webhook; to enable one, or to give it a URL, forgets how long it has failed.

    `if_updated_at`: only if this is still its `updated_at`; else ChangedMeanwhile. Raises
    InvalidQuery, WebhookNotFound, QueueUnavailable.
    """
    fields = wanted.fields()
    seen_ms = None if if_updated_at is None else round(if_updated_at.timestamp() * 1000)
    if webhook_id == TASKS and fields.keys() - {"description"}:
        rule = "The webhook of webhook_url takes a description and a new secret only."
        raise InvalidQuery([Problem(f"/{name}", "fixed", rule) for name in sorted(fields)])
    if webhook_id == TASKS:
        changes.ensure_tasks(BROKERS.now_ms())
    now_ms = BROKERS.now_ms()

    def changed(webhook: Webhook) -> Webhook:
        if seen_ms not in (None, webhook.updated_ms):
            raise ChangedMeanwhile("Somebody has changed the webhook since you read it.")
        new = replace(webhook, **fields)
        _check_kind(new)
        if new.enabled != webhook.enabled:
            why = None if new.enabled else "an operator disabled it"
            stopped_ms = None if new.enabled else now_ms
            new = replace(new, disabled_reason=why, disabled_ms=stopped_ms)
        return new if new == webhook else new.changed(now_ms)

    operation = operation_of(Action.WEBHOOK_UPDATE, by, webhook_id)
    made = changes.change(webhook_id, changed, operation)
    if wanted.enabled or wanted.url is not None:
        STORE.forgive(webhook_id)
    assert made is not None
    return _records([made])[0]


def rotate_webhook_secret(webhook_id: str, by: Operator | None = None) -> tuple[WebhookRecord, str]:
    """Give a webhook a new secret; returns both. The one before signs too for another day.

    Raises WebhookNotFound, QueueUnavailable.
    """
    now_ms, secret = BROKERS.now_ms(), new_secret()
    if webhook_id == TASKS:
        changes.ensure_tasks(now_ms)

    def changed(webhook: Webhook) -> Webhook:
        both = (secret, *webhook.secrets[:1])
        return webhook.changed(now_ms, secrets=both, old_until_ms=now_ms + OVERLAP_MS)

    made = changes.change(webhook_id, changed, operation_of(Action.WEBHOOK_UPDATE, by, webhook_id))
    assert made is not None
    return _records([made])[0], secret


def delete_webhook(webhook_id: str, by: Operator | None = None) -> None:
    """Delete a webhook; what it has not delivered yet is not sent.

    Raises InvalidQuery for that of `webhook_url`, WebhookNotFound, QueueUnavailable.
    """
    if webhook_id == TASKS:
        rule = "The webhook of webhook_url cannot be deleted."
        raise InvalidQuery([Problem("", "fixed", rule)])
    operation = operation_of(Action.WEBHOOK_DELETE, by, webhook_id)
    changes.change(webhook_id, lambda webhook: None, operation)
    STORE.forget(webhook_id)


def find(webhook_id: str) -> Webhook:
    """Return a webhook as it is stored. Raises WebhookNotFound, QueueUnavailable."""
    stored = STORE.record(webhook_id)
    if stored is not None:
        return Webhook.of_json(stored)
    if webhook_id == TASKS:
        return changes.of_tasks(0)
    raise changes.not_found(webhook_id)


def _records(webhooks: Sequence[Webhook]) -> list[WebhookRecord]:
    ids = [webhook.id for webhook in webhooks]
    known = zip(webhooks, STORE.healths(ids), STORE.recent(ids), strict=True)
    return [record_of(*each) for each in known]


def operation_of(action: Action, by: Operator | None, target: str) -> Operation | None:
    """Begin an operation, None without an operator."""
    return None if by is None else trail.begin(BROKERS, action, by, target)


def _wrong_description(description: str | None) -> list[Problem]:
    if description is None or (len(description) <= MOST_DESCRIPTION and is_plain(description)):
        return []
    rule = f"A description has at most {MOST_DESCRIPTION} characters, without control characters."
    return [Problem("/description", "description", rule)]


def _wrong_states(states: Sequence[str] | None) -> list[Problem]:
    known = [str(state) for state in TERMINAL]
    return [
        Problem(f"/states/{at}", "state", _about_state(state, known))
        for at, state in enumerate(states or ())
        if state not in known
    ][:10]


def _about_state(word: str, known: Sequence[str]) -> str:
    if (meant := state_named(word)) in known:
        return f"There is no state '{word[:64]}'; did you mean '{meant}'?"
    return f"The states are {', '.join(known)}; none for all."


def _wrong_conditions(conditions: Sequence[str] | None) -> list[Problem]:
    return [
        Problem(f"/conditions/{at}", "condition", _about_condition(code))
        for at, code in enumerate(conditions or ())
        if code not in CODES
    ][:10]


def _about_condition(code: str) -> str:
    if code in ("redis_away", "no_writes"):
        return f"Deliveries are kept in Redis: watch /health/ready from outside for '{code}'."
    other = _OTHER_WORDS.get(code)
    near = f"; did you mean '{other}'?" if other else nearest(code, CODES)
    known = f"There is no condition '{code[:64]}'"
    return f"{known}{near}" if near else f"{known}; there are {', '.join(CODES)}."


def _check_kind(webhook: Webhook) -> None:
    """Raise InvalidQuery for one of conditions that chooses tasks, too, or of flows for no end."""
    if webhook.conditions and (webhook.states or webhook.task_types or webhook.tags):
        rule = "With conditions it hears of no tasks: leave out states, task_types and tags."
        raise InvalidQuery([Problem("/conditions", "conditions_alone", rule)])
    if webhook.task_types == (FLOW_TYPE,):
        wrong = [
            Problem(f"/states/{at}", "conflict", f"A flow never ends as {state}.")
            for at, state in enumerate(webhook.states)
            if state not in FLOW_ENDS
        ]
        if webhook.tags:
            wrong.append(
                Problem("/tags", "conflict", "A flow has no tags: no end of one has them.")
            )
        if wrong:
            raise InvalidQuery(wrong)
