"""The scripts about a whole data set as Python functions; `script_runner` calls them."""

from collections.abc import Iterable
from typing import NamedTuple

from huey_tasks.broker.scripts.tasks import Scripts


class Mark(NamedTuple):
    """The mark of a queue's data: the id of the data set, '' if there is no mark, and its queues.

    `queues`: by name, how long the data set has had each, in ms.
    """

    id: str
    queues: dict[str, int]


class DatasetScripts:
    """More scripts on the Redis of `scripts`. Raises QueueUnavailable as those do."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def dataset(
        self,
        queue: str,
        id: str = "",
        *,
        queues: Iterable[str] = (),
        vanished: bool = False,
        results_vanished: bool = False,
    ) -> Mark:
        """Mark the data of a queue unless they are marked, or only look.

        `queues`: what the mark is to name. Returns the mark as it was before, with its id.
        """
        known, named = self._scripts.run(
            "dataset", queue, id=id, vanished=int(vanished), results_vanished=int(results_vanished),
            queues=" ".join(queues),
        )  # fmt: skip
        names = (name.decode() for name in named[::2])
        return Mark(known.decode(), dict(zip(names, map(int, named[1::2]), strict=True)))

    def write_off(self, queue: str) -> int:
        """Let the account of a queue add up again after a loss; returns how many are missing."""
        return int(self._scripts.run("write_off", queue, confirmed=1))
