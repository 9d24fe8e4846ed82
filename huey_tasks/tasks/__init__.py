"""The demo task types, one file a domain; importing this package registers them."""

from huey_tasks.tasks import data, email, payment, report

__all__ = ["data", "email", "payment", "report"]
