"""One worker as Redis knows it: what it has claimed and not begun, finished and not committed.

A slot sends steps, one at a time and numbered, so that one whose answer was lost can be sent again.
The outcome of an attempt goes with the step that commits it; a large one, or one for another
server, is stored before. Besides the worker its `Flusher` may send a step, from another thread:
hence the lock.

While tasks wait here, the next step may be under way already: Redis claims and commits while the
worker works. Its answer is read when they are used up, and counts as lost if it cannot be read. The
step after it is made before, and sent as soon as that answer is there. So is the step of an idle
worker, which is sent when the bell rings.
"""

import logging
import math
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.connection import SentCommand
from huey_tasks.broker.protocol import ALONE, Claim, Commit, only_of
from huey_tasks.broker.states import Ending
from huey_tasks.broker.step import Answer, Step, answer_of
from huey_tasks.errors import QueueUnavailable
from huey_tasks.execution.batching import HOLD_S, MOST, MOST_HOLDS, Pace
from huey_tasks.execution.worker_table import Cell
from huey_tasks.processes import fork_copies

logger = logging.getLogger(__name__)

#: How many tasks a batch has, at least, that runs while the next step is under way.
AHEAD_FROM = 8

#: Called once a step is under way: the kernel wakes Redis on the core of this worker, where it
#: would wait until the batch is done while another core is idle. Not every system has it.
_let_others_run: Callable[[], None] = getattr(os, "sched_yield", lambda: None)

#: Outcomes that are larger do not go with a step; those of functions are kept for
#: LARGE_RESULT_TTL_S only.
LARGE_BYTES = 256 * 1024


class _Ahead(NamedTuple):
    """A step that is made before it may be sent."""

    call: bytes  # as it is sent
    commits: int  # how many it has


class Slot:
    """A worker's claims and commits; the name is never used before or again."""

    def __init__(
        self,
        worker: str,
        broker: Broker,
        *,
        cell: Cell | None,
        on_settled: Callable[[Commit, bool], None],
        only: str | None = None,
    ) -> None:
        self.id = f"{worker}/{secrets.token_hex(4)}"
        self.cell = cell
        self.pace = Pace()
        #: What it claims and nothing else, "" for what waits in the queue.
        self.only = only_of(worker) if only is None else only
        #: What wakes it when there is something to claim: for every worker, or for its consumer.
        self.bells = [keys.call(broker.name, worker.partition("/")[0])]
        if self.only != ALONE:
            self.bells.append(keys.bell(broker.name, self.only))
        #: How many tasks it claims at a time, at most.
        self.most = 1 if self.only else MOST
        #: Whether a step may be under way while its tasks run; it needs a connection of its own.
        self.works_ahead = False
        #: How long an outcome above LARGE_BYTES is kept; None: as long as others.
        self.large_ttl_ms: int | None = None
        #: Whether something was revoked in Huey's way when the last tasks were claimed.
        self.revocations = False
        #: When what is finished must be committed and what waits released, by time.monotonic().
        self.deadline = math.inf
        #: Whether nothing was there to claim: the bell rings when there is.
        self.idle = False
        #: Called when several tasks were claimed at a time, which makes the deadline finite.
        self.on_batch: Callable[[], object] = lambda: None
        self._queue, self._scripts, self._result_scripts = (
            broker.name,
            broker.scripts,
            broker.result_scripts,
        )
        self._lease_ms, self._ttl_ms = broker.lease_ms, broker.outcome_ttl_ms
        self._databases = broker.databases
        self._on_settled = on_settled
        self._lock = threading.Lock()
        self._sequence = 0
        self._claimed_at = self._batch_at = 0.0
        #: By time.monotonic(): when the last step was sent, and when the leases of what waits end.
        self._sent_at, self._leases_end = 0.0, math.inf
        self._unanswered = False
        self._under_way: SentCommand | None = None  # the step whose answer may still be read
        self._ready: _Ahead | None = None  # the step for the next bell, of an idle worker
        self._finished: list[tuple[Commit, bytes | None]] = []
        self._sent = 0  # how many of them are in the step without an answer; the others ended later
        self._waiting: deque[bytes] = deque()  # each for `Claim.read`

    def claim(self) -> Claim | None:
        """Take a task that is claimed already, or commit what is finished and claim some more."""
        with self._lock:
            self.idle, now = False, time.monotonic()
            if not self._waiting or now > self._leases_end:
                now = self._claim_more()
            self.idle = not self._waiting
            self._ready = self._make_ahead() if self.idle else None
            self._claimed_at = now
            return None if self.idle else Claim.read(self._waiting.popleft())

    def _claim_more(self) -> float:
        """Commit and claim; returns the time then.

        What waits longer than its leases is released: this process stood still, and others may have
        run it. That may also be so behind a step.
        """
        now = math.inf
        for _ in range(2):
            self._release_waiting()
            self._step(want=self.most)
            while self._finished and not self._waiting:  # these ended after it was sent
                self._step(want=self.most)
            self._begin_batch()
            if not self._unanswered and len(self._waiting) >= AHEAD_FROM:
                self._go_ahead(self._make_ahead())
            now = time.monotonic()
            if now <= self._leases_end or not self._waiting:
                break
        return now

    def finish(self, commit: Commit, outcome: bytes | None = None) -> None:
        """Keep how an attempt ended; the next step or `flush` sends it."""
        with self._lock:
            if commit.about is not None:
                self.pace.record(commit.about.task_type, time.monotonic() - self._claimed_at)
            self._finished.append((commit, outcome))
            self.idle = False

    def relieve(self) -> None:
        """Commit what is finished although the worker is busy; to be called at the deadline.

        Releases what waits if the attempt that runs takes long, or all of them do.
        """
        now = time.monotonic()
        if not self._lock.acquire(blocking=False):  # the worker itself is about to commit
            self.deadline = now + HOLD_S
            return
        try:
            if self._under_way is not None:
                self._step(want=0)
            if now - self._claimed_at >= HOLD_S or now - self._batch_at >= MOST_HOLDS * HOLD_S:
                self._release_waiting()
            while self._finished:
                self._step(want=0)
            self.deadline = now + HOLD_S if self._waiting else math.inf
        finally:
            self._lock.release()

    def flush(self) -> None:
        """Commit what is finished, release what waits, claim nothing; from any thread.

        A claim whose answer was lost is released as well.
        """
        with self._lock:
            self._release_waiting()
            while self._finished or self._unanswered:
                self._step(want=0)
                self._release_waiting()

    @property
    def unsaved(self) -> int:
        """How many attempts have ended and are not committed."""
        return sum(commit.about is not None for commit, _ in self._finished)

    def _begin_batch(self) -> None:
        if self.cell is not None:
            self.cell.clear()
        if self.deadline < math.inf:  # it counts from here: the ends before took their time
            self._batch_at = time.monotonic()
            self.deadline = self._batch_at + HOLD_S

    def _release_waiting(self) -> None:
        while self._waiting:
            claim = Claim.read(self._waiting.popleft())
            self._finished.append((Commit(claim.id, claim.token, Ending.UNBEGUN), None))

    def _step(self, want: int) -> None:
        """Commit and claim: send a step and read its answer, or read that of the one under way.

        Behind the answer of one under way the next one is sent, if enough was claimed. A step
        without an answer is repeated unchanged, because Redis may have run it.
        """
        fork_copies.end_if_copy()
        ahead, ready, self._ready = None, self._ready, None
        if self._under_way is not None:
            ahead = self._make_ahead() if want else None  # while Redis works
        elif want and not self._finished:  # the step that was made before commits nothing
            self._go_ahead(ready)
        if self._under_way is not None:
            under_way, self._under_way = self._under_way, None
            try:
                reply = under_way.answer()
            except QueueUnavailable as error:
                logger.debug("a step is sent again: %s", error.cause)
            else:
                answer = answer_of(reply)
                self._take(answer, ahead if len(answer.claims) >= AHEAD_FROM else None)
                return
        commits = self._sent if self._unanswered else len(self._finished)
        step = self._make(want, self._sequence + 1, self._finished[:commits])
        self._sent, self._unanswered = commits, True
        self._sent_at = time.monotonic()
        self._take(self._scripts.step(step))

    def _go_ahead(self, ahead: _Ahead | None) -> None:
        """Send a step that was made before, if there is one; its answer is read later."""
        if ahead is not None:
            self._sent, self._unanswered = ahead.commits, True
            self._send(ahead)

    def _make_ahead(self) -> _Ahead | None:
        """Make the step that follows the one without an answer, unless it must wait for that."""
        if not self.works_ahead or self.most < MOST:
            return None
        sequence = self._sequence + (2 if self._unanswered else 1)
        try:
            step = self._make(self.most, sequence, self._finished[self._sent :])
        except QueueUnavailable as error:
            logger.debug("no step could be made ahead: %s", error.cause)
            return None
        return _Ahead(self._scripts.pack_step(step), len(step.commits))

    def _send(self, ahead: _Ahead) -> None:
        """Send it; if that fails, Redis may have got it all the same."""
        self._sent_at = time.monotonic()
        try:
            self._under_way = self._scripts.send(ahead.call)
            _let_others_run()
        except QueueUnavailable as error:  # the step that is due says so, if it lasts
            logger.debug("no step could be sent ahead: %s", error.cause)

    def _make(self, want: int, sequence: int, finished: list[tuple[Commit, bytes | None]]) -> Step:
        """Make a step; raises QueueUnavailable if outcomes cannot be stored before."""
        return Step(
            self._queue,
            self.id,
            sequence,
            [commit for commit, _ in finished],
            want=want,
            lease_ms=self._lease_ms,
            ttl_ms=self._ttl_ms,
            databases=self._databases,
            outcomes=self._outcomes_to_send(finished),
            worth=self.pace.worth(),
            only=self.only,
            announces=self.cell is not None,  # else it is no worker of a consumer
        )

    def _take(self, answer: Answer, ahead: _Ahead | None = None) -> None:
        """Take over what an answer says, then send the step that follows it, if there is one.

        The handler of a signal may raise where a function is called. So all that belongs together
        is assigned without a call in between: claims that are here have a deadline.
        """
        settled, left = self._finished[: self._sent], self._finished[self._sent :]
        waiting = self._waiting + deque(answer.claims)
        commits = 0 if ahead is None else ahead.commits
        deadline = time.monotonic() + HOLD_S if len(waiting) > 1 or left else math.inf
        leases_end = self._sent_at + self._lease_ms / 1000  # Redis has begun them later
        self._sequence += 1
        self._leases_end = self._leases_end if self._waiting else leases_end
        self._finished, self._waiting = left, waiting
        self._sent, self._unanswered = commits, ahead is not None
        self.revocations, self.deadline = answer.revocations, deadline
        if deadline < math.inf:
            self.on_batch()
        if ahead is not None:
            self._send(ahead)
        for (commit, _), ok in zip(settled, answer.accepted, strict=True):
            self._on_settled(commit, ok)

    def _outcomes_to_send(self, sent: list[tuple[Commit, bytes | None]]) -> list[bytes]:
        """Return the outcomes that go with the step, b"" for none; the others are stored now."""
        outcomes = [blob or b"" for _, blob in sent]
        if max(map(len, outcomes), default=0) > LARGE_BYTES:
            ttl_ms = self._ttl_ms if self.large_ttl_ms is None else self.large_ttl_ms
            large = [blob if len(blob) > LARGE_BYTES else b"" for blob in outcomes]
            self._store(sent, large, ttl_ms)
            outcomes = [blob if len(blob) <= LARGE_BYTES else b"" for blob in outcomes]
        if not any(outcomes):
            return []
        if not self._databases:
            self._store(sent, outcomes, self._ttl_ms)
            return []
        return outcomes

    def _store(
        self, sent: list[tuple[Commit, bytes | None]], outcomes: list[bytes], ttl_ms: int
    ) -> None:
        """Store outcomes under keys of their own, by the commits that they belong to."""
        by_key = {
            keys.outcome(commit.id, commit.token): blob
            for (commit, _), blob in zip(sent, outcomes, strict=True)
            if blob
        }
        self._result_scripts.outcome(self._queue, by_key, ttl_ms=ttl_ms)
