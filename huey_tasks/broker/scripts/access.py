"""The scripts of API keys as Python functions; `script_runner` calls them."""

from typing import cast

from huey_tasks.broker.scripts.tasks import Scripts


class AccessScripts:
    """More scripts on the Redis of `scripts`. Raises QueueUnavailable as those do."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def key_save(
        self, queue: str, id: str, record: str, most: int, *, keep_admin: bool, operation: str
    ) -> str:
        """Store an API key (JSON), or revoke it; `""` stands for none.

        Returns "done"; "gone" when there is none to revoke; "full" when there are `most` already;
        "last" when with `keep_admin` no admin would be left.
        """
        answer = self._scripts.run(
            "key_save", queue, id=id, record=record, most=most, keep_admin=int(keep_admin),
            operation=operation,
        )  # fmt: skip
        return cast(bytes, answer).decode()

    def key_request(self, queue: str, id: str, rate: float, per_ms: float) -> int:
        """Take one request out of the `rate` that a key may send in `per_ms`.

        Returns 0, or in how many milliseconds there is room for one.
        """
        return cast(int, self._scripts.run("key_request", queue, id=id, rate=rate, per_ms=per_ms))
