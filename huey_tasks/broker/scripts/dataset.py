"""The scripts about a whole data set as Python functions; the loader is that of `scripts`."""

from typing import NamedTuple

from huey_tasks.broker.scripts.tasks import Scripts


class Mark(NamedTuple):
    """The mark of a queue's data: the id of the data set, '' if there is none, and its age."""

    id: str
    age_ms: int


class DatasetScripts:
    """More scripts on the Redis of `scripts`. Raises QueueUnavailable as those do."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def dataset(
        self, queue: str, id: str = "", *, vanished: bool = False, results_vanished: bool = False
    ) -> Mark:
        """Mark the data of a queue unless they are marked, or only look; returns the mark."""
        known, age_ms = self._scripts.run(
            "dataset", queue, id=id, vanished=int(vanished), results_vanished=int(results_vanished)
        )
        return Mark(known.decode(), int(age_ms))

    def write_off(self, queue: str) -> int:
        """Let the account of a queue add up again after a loss; returns how many are missing."""
        return int(self._scripts.run("write_off", queue, confirmed=1))
