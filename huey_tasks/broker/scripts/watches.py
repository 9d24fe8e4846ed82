"""The scripts of watched folders as Python functions; `script_runner` calls them."""

from collections.abc import Sequence
from typing import NamedTuple

from huey_tasks.broker.protocol import NewTask
from huey_tasks.broker.scripts.tasks import Scripts


class NewFile(NamedTuple):
    """A version of a file, and the task for it. `field`: stands for its path."""

    field: bytes
    version: str
    task: NewTask


class WatchScripts:
    """More scripts on the Redis of `scripts`. Raises QueueUnavailable as those do."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def take_files(self, queue: str, name: str, files: Sequence[NewFile]) -> list[tuple[bool, str]]:
        """Make the tasks of new versions; returns for each whether it was new, and its mark.

        A queue that drains answers []: nothing was taken.
        """
        more = [
            argument
            for each in files
            for argument in (each.field, each.version, *each.task.arguments())
        ]
        answer = self._scripts.run("take_files", queue, *more, name=name)
        return [
            (bool(new), mark.decode()) for new, mark in zip(answer[::2], answer[1::2], strict=True)
        ]

    def forget_files(self, queue: str, name: str, marks: Sequence[tuple[bytes, str]]) -> int:
        """Forget files that have gone, by field and mark; returns how many."""
        more = [part for pair in marks for part in pair]
        return int(self._scripts.run("forget_files", queue, *more, name=name))
