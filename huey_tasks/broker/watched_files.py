"""The versions of watched files that a function was invoked for: one hash a function."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from huey_tasks.broker import function_keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.connection import redis_errors
from huey_tasks.broker.scripts.watches import NewFile, WatchScripts


class WatchedFiles:
    """The marks of one function. Every use raises QueueUnavailable as `Broker` does.

    A file is known by its `field`, which stands for its path. A mark is `<version>@<when, in ms>`.
    """

    def __init__(self, broker: Broker, function: str) -> None:
        self._broker, self._function = broker, function
        self._key, self._scripts = function_keys.watched(function), WatchScripts(broker.scripts)

    def marks(self, fields: Sequence[bytes]) -> list[str | None]:
        """Return the marks of files, None for one that has none."""
        with redis_errors():
            found = self._broker.redis.hmget(self._key, fields)
        return [None if mark is None else mark.decode() for mark in found]

    def marked_before(self, at_ms: int) -> Iterator[tuple[bytes, str]]:
        """Yield field and mark of each file that was taken before that time."""
        with redis_errors():
            rows: Iterator[Any] = self._broker.redis.hscan_iter(self._key, count=1000)
            for field, mark in rows:
                if int(mark.rpartition(b"@")[2]) < at_ms:
                    yield field, mark.decode()

    def take(self, files: Sequence[NewFile]) -> list[str]:
        """Make the tasks of versions that nobody has taken; return the marks of all files.

        A queue that drains answers []: nothing was taken.
        """
        taken = self._scripts.take_files(self._broker.name, self._function, files)
        return [mark for _, mark in taken]

    def forget(self, marks: Sequence[tuple[bytes, str]]) -> None:
        """Forget files that have these marks."""
        self._scripts.forget_files(self._broker.name, self._function, marks)


def store_reports(broker: Broker, reports: Mapping[str, str]) -> None:
    """Store how the watches of some functions are (JSON by name), for half a minute."""
    key = function_keys.watchers(broker.name)
    with broker.pipeline() as pipe:
        pipe.hset(key, mapping=dict(reports))
        pipe.pexpire(key, 30_000)
        pipe.execute()
