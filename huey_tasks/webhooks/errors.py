"""The errors of webhooks, below DucklineError."""

from huey_tasks.errors import DucklineError


class WebhookNotFound(DucklineError):
    """No webhook has that id."""

    code = "webhook_not_found"


class DeliveryNotFound(DucklineError):
    """The webhook has no delivery of that id; it keeps them for three days."""

    code = "delivery_not_found"


class TooManyWebhooks(DucklineError):
    """There are as many webhooks as there may be."""

    code = "too_many_webhooks"
