"""The script of webhooks as a Python function; the loader is that of `scripts`."""

from typing import cast

from huey_tasks.broker.scripts.tasks import Scripts


class WebhookScripts:
    """One more script on the Redis of `scripts`. Raises QueueUnavailable as those do."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def webhook_save(
        self, queue: str, id: str, expected: str, record: str, most: int, *, operation: str
    ) -> str:
        """Store a webhook (JSON) if it is still the `expected` one; `""` stands for none.

        Returns "done", "other" when it has changed, or "full" when there are `most` already.
        """
        answer = self._scripts.run(
            "webhook_save", queue, id=id, expected=expected, record=record, most=most,
            operation=operation,
        )  # fmt: skip
        return cast(bytes, answer).decode()
