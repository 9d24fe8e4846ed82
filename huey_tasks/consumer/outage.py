"""What a consumer says of Redis being away: one line when that begins, one when it is over.

Its supervisor finds out by itself, its workers tell it on the board: often both, at once or one
after the other, and sometimes only workers, when the result backend alone is away.
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
        #: Whether the supervisor itself waits.
        self.redis_away = False

    def begin(self, cause: str) -> None:
        """Redis has failed the supervisor."""
        self.redis_away = True
        self._tell(cause)

    def end(self) -> None:
        """Redis answers the supervisor again; its workers try within two seconds."""
        self.redis_away = False

    def look(self) -> None:
        """Tell of what the workers have met, or that it is over. To be called every second."""
        causes = [cause for cell in self._cells if (cause := cell.waits_because())]
        if causes:
            self._tell(causes[0])
        elif self._is_on and not self.redis_away:
            self._is_on = False
            logger.info("consumer is back: Redis answers again")

    def _tell(self, cause: str) -> None:
        if not self._is_on:
            logger.warning("consumer waits for Redis: %s", cause)
        self._is_on = True
