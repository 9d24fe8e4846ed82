"""Mail: a task may be repeated, so each mail has a key that the server knows again."""

from huey_tasks import current_task, task

#: What the mail server has got, by key; a real one is reached over SMTP.
outbox: dict[str, str] = {}


@task(queue="high", retries=5, retry_delay=2, retry_backoff=2, timeout=30)
def send_receipt(order_id: int, to: str) -> str:
    """Send the receipt of an order."""
    key = current_task.id  # the same in each attempt
    outbox.setdefault(key, f"Receipt of order {order_id} to {to}")
    return key
