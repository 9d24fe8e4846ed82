"""The log lines of a consumer about an outage: one when it begins, one when it is over.

The chores of the supervisor notice it, the workers report it in the worker table: often both, at
once or one after the other, and only some of them when the result backend alone is away.
"""

import logging
from collections.abc import Iterable

from huey_tasks.execution.worker_table import Cell

logger = logging.getLogger(__name__)


class Outage:
    """Whether this consumer, or a part of it, waits for Redis."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self._cells = tuple(cells)
        self._is_on = False
        #: Whether Redis does not answer the supervisor.
        self.redis_away = False
        #: The chores whose last run could not ask what it has to.
        self.waiting = set[object]()

    def begin(self, chore: object, cause: str, *, redis_away: bool) -> None:
        """Record that a chore has no answer, from Redis or from the result backend."""
        self.redis_away = self.redis_away or redis_away
        self.waiting.add(chore)
        self._log(cause)

    def end(self) -> None:
        """Record that Redis answers the supervisor again; its workers try within two seconds."""
        self.redis_away = False

    def look(self) -> None:
        """Log what the workers report, or that it is over. To be called every second."""
        causes = [cause for cell in self._cells if (cause := cell.waits_because())]
        if causes:
            self._log(causes[0])
        elif self._is_on and not self.redis_away and not self.waiting:
            self._is_on = False
            logger.info("consumer is back: Redis answers again")

    def _log(self, cause: str) -> None:
        if not self._is_on:
            logger.warning("consumer waits for Redis: %s", cause)
        self._is_on = True
