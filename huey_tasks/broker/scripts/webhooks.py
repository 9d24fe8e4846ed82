"""The scripts of webhooks as Python functions; `script_runner` calls them."""

import json
from collections.abc import Mapping
from typing import cast

from huey_tasks.broker.scripts.tasks import Scripts


class WebhookScripts:
    """More scripts on the Redis of `scripts`. Raises QueueUnavailable as those do."""

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

    def alerts(
        self, queue: str, holding: Mapping[str, str], *, after_ms: int, task_queue: str
    ) -> list[bytes]:
        """Note the conditions that hold now, by `<code> <subject>`, with what is posted of each.

        Returns the posts (JSON) that no deliveries are stored of, the oldest first, at most 100.
        """
        answer = self._scripts.run(
            "alerts", queue, holding=json.dumps(holding), after_ms=after_ms, task_queue=task_queue
        )
        return cast("list[bytes]", answer)
