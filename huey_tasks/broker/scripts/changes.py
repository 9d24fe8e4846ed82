"""The scripts that change what waits and how it runs: tasks, limits, settings of functions."""

from huey_tasks.broker.scripts.tasks import Scripts


class ChangeScripts:
    """More scripts on the Redis of `scripts`. Raises QueueUnavailable as those do."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def change(
        self,
        queue: str,
        task_id: str,
        request: str,
        operation: str,
        *,
        seen_ms: int | None = None,
        message: tuple[bytes, bytes] | None = None,
        unique: tuple[str, str] = ("", ""),
        delay_ms: int | None = None,
        priority: int | None = None,
        tags: str | None = None,
    ) -> tuple[str, str]:
        """Change a task that waits; None keeps what is there.

        `seen_ms`: when it was changed last, as far as the caller knows. `message`: the expected,
        the new one; `unique`: the digest of what the task is unique by with the one and the other.
        Returns its state, '' if there is none, and what was done, as the script has it.
        """
        expected, new = message or ("", "")
        state, done = self._scripts.run(
            "change",
            queue,
            id=task_id,
            request=request,
            seen="" if seen_ms is None else seen_ms,
            expected=expected,
            message=new,
            delay_ms="" if delay_ms is None else delay_ms,
            priority="" if priority is None else priority,
            tags="" if tags is None else tags or "-",
            operation=operation,
            unique_was=unique[0],
            unique=unique[1],
        )
        return state.decode(), done.decode()

    def limits(
        self, queue: str, task_type: str, limits: str = "", source: str = "", request: str = "", *,
        seen: str = "", operation: str = "",
    ) -> bool:  # fmt: skip
        """Set the limits of a task type (JSON), "" for none; called for each queue.

        `source`: "operator" or "code", "" where another queue's call has set them. `request`: ""
        changes nothing but the queues of those that are there. `seen`: when those were set that the
        caller has read, in ms, "none" or ""; False when others have been set since.
        """
        answer = self._scripts.run(
            "limits", queue, type=task_type, limits=limits, source=source, request=request,
            seen=seen, operation=operation,
        )  # fmt: skip
        return answer == b"done"

    def function_settings(self, queue: str, field: str, settings: str, operation: str = "") -> None:
        """Store one part of a function's settings (JSON); `field` is `name:part`."""
        self._scripts.run(
            "function_settings", queue, field=field, settings=settings, operation=operation
        )
