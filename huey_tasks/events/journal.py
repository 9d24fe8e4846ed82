"""Follow what happens to tasks: any number of followers share one reader of this process.

The reader asks Redis ten times a second while somebody follows, whatever the number of followers,
and keeps the last events in memory. A follower has a position among them and takes what is behind
it: a slow one holds up nobody and costs no memory of its own. Why so: docs/adr/0088.
"""

import logging
import threading
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager

from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.deadline import time_limit
from huey_tasks.broker.scripts.events import BEGINNING, EventScripts
from huey_tasks.errors import QueueUnavailable
from huey_tasks.events.recent import Recent
from huey_tasks.processes import forked_children
from huey_tasks.records.events import Position, TaskEvent

logger = logging.getLogger(__name__)

#: Seconds between two reads, and after one that failed.
TICK_S, RETRY_S = 0.1, 1.0
#: Seconds that one read may take: a stop is noticed within this time.
READ_S = 2.0
#: Events of one read; if there are more, the next one follows at once.
LIMIT = 2000
#: Seconds for which the reader goes on after the last follower has left.
KEEP_S = 2.0


class Missed(Exception):
    """Events behind the position of a follower are not kept any more."""


class Follower:
    """Somebody who follows one task, or all. `position`: it has taken everything up to there."""

    def __init__(self, journal: "Journal", task_id: str) -> None:
        self.task_id = task_id
        self.position: Position | None = None
        #: Set when there may be something to take, or this process stops.
        self.event = threading.Event()
        #: The events that it was following are lost: Redis has begun again.
        self.is_cut = False
        self._journal = journal

    @property
    def is_stopping(self) -> bool:
        """Whether this process stops."""
        return self._journal.stopping

    def begin(self, position: Position) -> None:
        """Take what is behind a position that Redis has just named."""
        self.position, self.is_cut = position, False

    def begin_now(self) -> None:
        """Take what happens from now on. Raises QueueUnavailable."""
        self.begin(self._journal.wait_for_read())

    def resume(self, position: Position) -> bool:
        """Take what is behind an earlier position; False if not all of that is kept.

        Raises QueueUnavailable.
        """
        # Another process may have been a little further than this one.
        if position > self._journal.wait_for_read():
            return False
        self.begin(position)
        return self._journal.behind(position, self.task_id) is not None

    def take(self) -> Sequence[TaskEvent]:
        """Return what has happened since the last call. Raises Missed."""
        return self._journal.take(self)

    def wait(self, timeout_s: float) -> bool:
        """Wait until there may be something to take; False when the time is up."""
        came = self.event.wait(timeout_s)
        self.event.clear()
        return came


class Journal:
    """Reads events for its followers. Safe in several threads."""

    def __init__(self, brokers: Brokers) -> None:
        self._brokers = brokers
        self._forget()
        forked_children.reset(self._forget)

    def _forget(self) -> None:
        """Begin without followers: a forked child has neither the reader nor those who follow."""
        self._lock = threading.RLock()
        self._followers: dict[str, set[Follower]] = {}
        self._is_reading = False
        self._recent: Recent | None = None
        self._position: Position | None = None
        self._reads = 0
        self._failed: tuple[int, QueueUnavailable] | None = None  # after how many reads
        self.stopping = False

    @contextmanager
    def follow(self, task_id: str = "") -> Generator[Follower]:
        """Yield a follower of a task, or of all: it begins, and then takes."""
        follower = Follower(self, task_id)
        with self._lock:
            if not self._is_reading and not self.stopping:
                # Where the system starts no thread now, the next follower tries again.
                threading.Thread(target=self._run, name="duckline-events", daemon=True).start()
                self._is_reading = True
            self._followers.setdefault(task_id, set()).add(follower)
        try:
            yield follower
        finally:
            with self._lock:
                self._followers[task_id].discard(follower)
                if not self._followers[task_id]:
                    del self._followers[task_id]

    def stop(self) -> None:
        """Wake all followers, which see that this process stops. Safe in a signal handler."""
        self.stopping = True

    def wait_for_read(self) -> Position:
        """Return the last position after a read that began after this call.

        Raises QueueUnavailable.
        """
        # A read that is under way may have begun before.
        wanted = self._reads + 2
        while self._reads < wanted and not self.stopping:
            if self._failed is not None and self._failed[0] >= wanted - 2:
                raise self._failed[1]
            time.sleep(TICK_S / 2)
        return self._position or Position(0, 0)

    def behind(self, position: Position, task_id: str) -> Sequence[TaskEvent] | None:
        """Return the events behind a position; None if some are not kept any more."""
        with self._lock:
            return self._recent.behind(position, task_id) if self._recent else []

    def take(self, follower: Follower) -> Sequence[TaskEvent]:
        """Return the events behind a follower, and move it behind them. Raises Missed."""
        with self._lock:
            if follower.is_cut:
                raise Missed
            if follower.position is None or self._recent is None or self._position is None:
                return ()
            found = self._recent.behind(follower.position, follower.task_id)
            if found is None:
                raise Missed
            follower.position = max(follower.position, self._position)
            return found

    # ---- the reader

    def _run(self) -> None:
        wanted_at = time.monotonic()
        while not self._is_over(wanted_at):
            if self._followers:
                wanted_at = time.monotonic()
            try:
                with time_limit(READ_S):
                    is_behind = self._read()
            except QueueUnavailable as error:
                self._failed = (self._reads, error)
                logger.debug("events are not read: %s", error.cause)
                self._pause(RETRY_S)
                continue
            except Exception:  # followers must not wait for a reader that has died
                logger.exception("reading events failed; trying again")
                self._pause(RETRY_S)
                continue
            if not is_behind:
                self._reads += 1
                self._failed = None
                self._pause(TICK_S)

    def _pause(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while not self.stopping and (left_s := ends - time.monotonic()) > 0:
            time.sleep(min(left_s, TICK_S))

    def _is_over(self, wanted_at: float) -> bool:
        """Return whether the reader ends; the next follower then starts a new one."""
        with self._lock:
            unwanted = not self._followers and time.monotonic() - wanted_at > KEEP_S
            if not self.stopping and not unwanted:
                return False
            self._is_reading = False
            self._recent = self._position = None
            self._wake(self._followers)
            return True

    def _read(self) -> bool:
        """Read what came since the last read; return whether there is more."""
        position = self._position
        broker = self._brokers.first
        behind = BEGINNING if position is None else str(position)
        found = EventScripts(broker.scripts).events(broker.name, behind, LIMIT)
        first, last = map(TaskEvent.position_of, (found.first, found.last))
        with self._lock:
            if position is not None and not first <= position <= last:
                self._begin_again()
                return True
            is_behind = len(found.entries) == LIMIT
            events = [TaskEvent.of(entry) for entry in found.entries if entry.is_of_task]
            if self._recent is None:
                self._recent = Recent(first)
                self._wake(self._followers)  # some may have a position before the first event
            self._recent.add(events)
            self._position = TaskEvent.position_of(found.entries[-1].id) if is_behind else last
            self._wake({event.task_id for event in events} | {""} if events else ())
        return is_behind

    def _begin_again(self) -> None:
        """Redis has lost what we read last, or we were too slow: its followers missed something.

        Those that are ahead of us have their position from what Redis has now.
        """
        for followers in self._followers.values():
            for follower in followers:
                position = follower.position
                follower.is_cut = position is not None and position <= (self._position or position)
        self._recent = self._position = None
        self._wake(self._followers)

    def _wake(self, task_ids: Iterable[str]) -> None:
        for task_id in task_ids:
            for follower in self._followers.get(task_id, ()):
                follower.event.set()
