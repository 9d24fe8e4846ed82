"""Store webhooks: create, change, delete; two changes at once are both kept."""

from collections.abc import Callable

from huey_tasks.audit.operation import Operation
from huey_tasks.broker.webhook_store import WebhookStore
from huey_tasks.errors import QueueUnavailable
from huey_tasks.queues import BROKERS
from huey_tasks.webhooks.errors import TooManyWebhooks, WebhookNotFound
from huey_tasks.webhooks.records import TASKS, Webhook, new_secret

#: How many webhooks there may be.
MOST = 100

#: How often a change is tried when another one comes between its read and its write.
_TRIES = 20

STORE = WebhookStore(BROKERS.first)

#: Returns the webhook as it is to be; None deletes it.
Change = Callable[[Webhook], Webhook | None]


def create(webhook: Webhook, operation: Operation | None) -> None:
    """Store a new webhook. Raises TooManyWebhooks, QueueUnavailable."""
    if _save(webhook.id, "", webhook.as_json(), operation, MOST) == "full":
        raise TooManyWebhooks(f"There are {MOST} webhooks, the maximum; delete some first.")


def change(webhook_id: str, wanted: Change, operation: Operation | None = None) -> Webhook | None:
    """Change a webhook; returns it as it is now. Raises WebhookNotFound, QueueUnavailable."""
    for _ in range(_TRIES):
        stored = STORE.record(webhook_id)
        if stored is None:
            raise not_found(webhook_id)
        webhook = Webhook.of_json(stored)
        changed = wanted(webhook)
        if changed == webhook and operation is None:
            return webhook
        record = "" if changed is None else changed.as_json()
        if _save(webhook_id, stored, record, operation, MOST) == "done":
            return changed
    raise QueueUnavailable("The webhook is changed by others all the time.", "many changes at once")


def disable(webhook_id: str, now_ms: int, why: str) -> bool:
    """Disable a webhook that fails; False if it is disabled, or gone, already."""

    def wanted(webhook: Webhook) -> Webhook:
        if not webhook.enabled:
            return webhook
        return webhook.changed(now_ms, enabled=False, disabled_ms=now_ms, disabled_reason=why[:500])

    try:
        changed = change(webhook_id, wanted)
    except WebhookNotFound:
        return False
    return changed is not None and changed.disabled_ms == now_ms


def ensure_tasks(now_ms: int) -> None:
    """Store the webhook of `webhook_url`, with a secret, if it is not there."""
    if STORE.record(TASKS) is None:
        _save(TASKS, "", of_tasks(now_ms, new_secret()).as_json(), None, MOST + 1)


def of_tasks(now_ms: int, *secrets: str) -> Webhook:
    """Return the webhook of all tasks with a `webhook_url`."""
    description = "The tasks that were submitted with a webhook_url."
    return Webhook(TASKS, None, description, (), (), (), True, secrets, 0, now_ms, now_ms)


def not_found(webhook_id: str) -> WebhookNotFound:
    """Return the error of an id that no webhook has."""
    return WebhookNotFound(f"There is no webhook '{webhook_id[:64]}'.")


def _save(
    webhook_id: str, expected: str, record: str, operation: Operation | None, most: int
) -> str:
    argument = "" if operation is None else operation.as_argument()
    return STORE.save(webhook_id, expected, record, most, argument)
