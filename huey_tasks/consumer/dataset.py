"""The mark of a data set, by which a consumer sees that accepted tasks have been erased.

A Redis that restarts empty, a FLUSHALL, deleted keys of a queue: to a program
that only looks at what is there now, each looks like a new start. So the data of every queue and
the results carry one id. A consumer that finds it missing logs that and stores when; the health
check and `verify` report it until an operator accepts the loss (`verify --write-off`). Each mark
names all queues of the data set: one that QUEUES names for the first time is new, and not lost.
"""

import logging
import secrets
from collections.abc import Iterable

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.scripts.dataset import DatasetScripts
from huey_tasks.broker.scripts.tasks import Seen
from huey_tasks.records.left_behind import left_behind

logger = logging.getLogger(__name__)

#: Milliseconds. A data set is marked, by all who start, in less than that.
YOUNG_MS = 10_000


class DataSet:
    """The data set as the consumer of one queue knows it."""

    def __init__(self, broker: Broker, *, expected: bool) -> None:
        self._broker, self._queue = broker, broker.name
        self._scripts = DatasetScripts(broker.scripts)
        self._expected = expected
        #: Its id, '' before the first look.
        self.id = ""
        self._has_results = False  # whether they have had a mark

    def look(self, seen: Seen) -> bool:
        """Log what a heartbeat found wrong; returns whether the clock of Redis went back.

        Raises QueueUnavailable.
        """
        if not self.id:
            self._find_out()
        elif not seen.dataset:
            self._say_lost([self._queue])
        elif seen.dataset != self.id:
            logger.error("Redis holds another data set than a moment ago", extra=self._about())
            self.id = seen.dataset
        if seen.back_ms:
            logger.warning(
                "the clock of Redis went back by %.1f s; what waits for a time goes back with it",
                seen.back_ms / 1000,
                extra={**self._about(), "tasks": seen.moved},
            )
        return bool(seen.back_ms)

    def check_results(self) -> None:
        """Mark the results the first time, then check that they are still there.

        Raises QueueUnavailable. No heartbeat does this: the result backend alone may be away.
        """
        if self.id and not self._has_results:
            self._broker.mark_results(self.id)
            self._has_results = True
        elif self.id and not self._broker.results_are_marked():
            self._say_results_lost()

    def _say_results_lost(self) -> None:
        self._scripts.dataset(self._queue, results_vanished=True)  # first: we may die in between
        self._broker.mark_results(self.id)
        logger.error(
            "the results of finished tasks are gone from the result backend", extra=self._about()
        )

    def _find_out(self) -> None:
        """Mark the data, or find them marked; say which part of them is missing.

        Consumers that start together mark together: each takes the id that it finds, and nothing is
        missing in a data set that is this young.
        """
        names = keys.queue_names()
        marks = {queue: self._scripts.dataset(queue) for queue in names}
        found = [mark for mark in marks.values() if mark.id]
        unmarked = [queue for queue, mark in marks.items() if not mark.id]
        had = {queue for mark in found for queue, ms in mark.queues.items() if ms > YOUNG_MS}
        lost = [queue for queue in unmarked if queue in had or (self._expected and not found)]
        id = found[0].id if found else secrets.token_hex(8)
        for queue in names:
            id = self._scripts.dataset(queue, id, vanished=queue in lost).id
        # Only now: a mark that names a queue says that this one has been marked, too.
        for queue in names:
            self._scripts.dataset(queue, id, queues=names)
        left = left_behind(self._broker) if self._queue == names[0] else ()  # one says it for all
        self.id = id  # only now: what is not marked yet would be taken for lost
        if lost:
            self._say_lost(lost)
        for sentence in left:
            logger.warning(sentence, extra=self._about())

    def _say_lost(self, queues: Iterable[str]) -> None:
        logger.error(
            "the tasks of %s are gone from Redis: somebody erased them, or it lost its data",
            ", ".join(queues),
            extra=self._about(),
        )

    def _about(self) -> dict[str, str]:
        return {"queue": self._queue, "dataset": self.id}
