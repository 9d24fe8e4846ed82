"""What the scripts should do, as plain Python: one queue with its tasks, slots, gates and numbers.

Knows nothing of Redis, and no clock: a moment is the number of the rule in which it came, and what
depends on time is decided by who calls. `test_model.py` holds it against the real scripts.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from huey_tasks.scripts import Child, Claim, Commit, NewTask

#: Milliseconds. A short delay or time limit is over when it is looked at; an hour never is.
SHORT, QUARTER, HOUR = 1, 900_000, 3_600_000

ENDED = ("SUCCESS", "FAILURE", "REVOKED", "EXPIRED")
WAITING = ("RETRY", "SCHEDULED")
STATES = ("PENDING", "STARTED", *WAITING, *ENDED)

Commits = tuple[Commit, ...]
Answer = tuple[list[bool], list[Claim]]


class Moment(NamedTuple):
    """The server's time while that rule ran, plus so many milliseconds."""

    rule: int
    plus_ms: int = 0


Value = str | Moment


@dataclass
class ModelTask:
    """One task: what it counts, and the moments and texts that came with its states."""

    new: NewTask
    max_attempts: int
    retries_left: int
    retry_delay_s: float
    state: str = "PENDING"
    score: int | Moment = 0
    place: int | None = None
    token: str = ""
    lease_ms: int = 0
    attempt: int = 0
    deliveries: int = 0
    crashes: int = 0
    losses: int = 0
    notes: dict[str, Value] = field(default_factory=dict[str, Value])
    log: list[str] = field(default_factory=list[str])
    gone: bool = False  # its record has reached the end of its life time

    def fields(self) -> dict[str, Value]:
        """The hash that stands for it."""
        counted = {
            "message": self.new.message.decode(),
            "type": self.new.type,
            "priority": self.new.priority,
            "attempt": self.attempt,
            "max_attempts": self.max_attempts,
            "retries_left": self.retries_left,
            "retry_delay_s": self.retry_delay_s,
            "deliveries": self.deliveries,
            "crashes": self.crashes,
            "losses": self.losses,
            "token": self.token,
            "state": self.state,
        }
        place = {} if self.place is None else {"place": str(self.place)}
        return {name: str(value) for name, value in counted.items()} | place | self.notes

    def claim(self) -> Claim:
        """The claim as its worker gets it."""
        return Claim(
            self.new.id,
            self.token,
            self.new.message,
            self.attempt,
            self.retries_left,
            self.retry_delay_s,
            self.deliveries,
        )


@dataclass(frozen=True)
class Answered:
    """The last step of a slot that did anything, as it was answered."""

    sequence: int
    accepted: list[bool]
    claimed: list[str]


class Model:
    """A queue. Each verb is the script of that name and returns what the script returns."""

    def __init__(self) -> None:
        self.rule = 0
        self.tasks: dict[str, ModelTask] = {}
        self.dead: dict[str, Moment] = {}
        self.gates: dict[str, set[int]] = {}
        self.slots: dict[str, Answered] = {}
        self.totals: Counter[str] = Counter()
        self.recovered_at: Moment | None = None
        self.paused: bool | None = None  # None: nobody has ever said
        self.bell = False

    def ids(self, *states: str) -> list[str]:
        """The tasks in these states; those that wait stand in the order of their places."""
        found = [task for task in self.tasks.values() if task.state in states]
        if states == ("PENDING",):
            found.sort(key=lambda task: task.place or 0)
        return [task.new.id for task in found]

    def holds(self, task_id: str, token: str) -> bool:
        """Whether this token holds the lease of this task."""
        task = self.tasks.get(task_id)
        return task is not None and task.state == "STARTED" and task.token == token

    # ---- the scripts

    def submit(self, new: NewTask) -> bool:
        if new.id in self.tasks:
            return False
        task = ModelTask(new, new.max_attempts, new.max_attempts - 1, new.retry_delay_s)
        task.notes["submitted_at"] = self._in()
        if new.expires_ms:
            task.notes["expires_at"] = self._in(new.expires_ms)
        self.tasks[new.id] = task
        self.totals["SUBMITTED"] += 1
        if new.delay_ms:
            self._wait_until_due(task, "SCHEDULED", new.delay_ms)
        else:
            self._queue(task)
        return True

    def step(self, slot: str, sequence: int, commits: Commits, want: int, lease_ms: int) -> Answer:
        token = f"{slot}/{sequence}"
        last = self.slots.get(slot)
        if last is not None and last.sequence >= sequence:
            kept = [task_id for task_id in last.claimed if self.holds(task_id, token)]
            return last.accepted, [self.tasks[task_id].claim() for task_id in kept]
        accepted = [self._commit(commit) for commit in commits]
        claims: list[Claim] = []
        for task_id in [] if self.paused else self.ids("PENDING"):
            task = self.tasks[task_id]
            if len(claims) == want:
                break
            if task.new.expires_ms == SHORT and task.deliveries == 0:
                self._finish(task, "EXPIRED", "it was not started in time")
            else:
                claims.append(self._claim(task, slot, token, lease_ms))
        if self.ids("PENDING") and not self.paused:
            self.bell = True
        if accepted or claims:
            self.slots[slot] = Answered(sequence, accepted, [claim.id for claim in claims])
        return accepted, claims

    def renew(self, held: list[tuple[str, str]], lease_ms: int) -> set[tuple[str, str]]:
        lost = {pair for pair in held if not self.holds(*pair)}
        for task_id, _ in set(held) - lost:
            self._lease(self.tasks[task_id], lease_ms)
        return lost

    def release(self, task_id: str, token: str, crashed: bool, max_crashes: int) -> str:
        if not self.holds(task_id, token):
            return ""
        self.totals["released"] += 1
        task = self.tasks[task_id]
        if crashed:
            self._crash(task, max_crashes)
        else:
            self._put_back(task)
        return task.state

    def recover(self, max_losses: int, gap: bool) -> set[tuple[str, str]]:
        recovered: set[tuple[str, str]] = set()
        self.recovered_at = self._in()
        for task in [self.tasks[task_id] for task_id in self.ids("STARTED")]:
            if gap and task.lease_ms < HOUR:
                self._lease(task, HOUR)
            elif not gap and task.lease_ms == 0:
                self.totals["recovered"] += 1
                self._lose(task, max_losses)
                recovered.add((task.new.id, task.state))
        return recovered

    def promote(self, order: list[str]) -> float | None:
        """`order`: those that wait, RETRY before SCHEDULED, each by when they are due."""
        for task in [self.tasks[task_id] for task_id in order]:
            if isinstance(task.score, Moment) and task.score.plus_ms < HOUR:
                del task.notes["due_at"]
                self._queue(task)
        return HOUR / 1000 if self.ids(*WAITING) else None

    def cancel(self, task_id: str, reason: str, request: str) -> str:
        task = self.tasks.get(task_id)
        if task is None or task.gone:
            return ""
        if task.notes.get("cancel_request") == request:
            return str(task.notes["cancelled_from"])
        before = task.state
        if before not in ENDED:
            task.notes |= {"cancel_request": request, "cancelled_from": before}
            self._finish(task, "REVOKED", reason)
        return before

    def pause(self, paused: bool) -> None:
        self.paused = paused
        self.bell = self.bell or not paused

    def purge(self, reason: str) -> int:
        purged = self.ids("PENDING")
        for task_id in purged:
            self._finish(self.tasks[task_id], "REVOKED", reason)
        return len(purged)

    def progress(self, task_id: str, token: str, progress: str) -> bool:
        held = self.holds(task_id, token)
        if held:
            self.tasks[task_id].notes["progress"] = progress
        return held

    def write_log(self, task_id: str, token: str, line: str) -> bool:
        held = self.holds(task_id, token)
        if held:
            self.tasks[task_id].log.append(line)
        return held

    def prune(self, orders: list[list[str]], cap: int) -> int:
        """`orders`: the ended tasks of each state, the oldest first."""
        forgotten = [task_id for order in orders for task_id in order[: max(len(order) - cap, 0)]]
        for task_id in forgotten:
            del self.tasks[task_id]
            self.dead.pop(task_id, None)
        return len(forgotten)

    # ---- what they have in common

    def _in(self, plus_ms: int = 0) -> Moment:
        return Moment(self.rule, plus_ms)

    def _queue(self, task: ModelTask, place: int | None = None) -> None:
        if place is None:
            self.totals["place"] += 1
            place = self.totals["place"] - task.new.priority * 10**10
        task.state, task.place, task.score = "PENDING", place, place
        task.notes["queued_at"] = self._in()
        self.bell = True

    def _wait_until_due(self, task: ModelTask, state: str, delay_ms: int) -> None:
        task.state, task.score = state, self._in(delay_ms)
        task.notes["due_at"] = task.score

    def _lease(self, task: ModelTask, lease_ms: int) -> None:
        task.lease_ms, task.score = lease_ms, self._in(lease_ms)

    def _claim(self, task: ModelTask, slot: str, token: str, lease_ms: int) -> Claim:
        task.attempt += 1
        task.deliveries += 1
        task.state, task.token = "STARTED", token
        task.notes |= {"slot": slot, "started_at": self._in(), "progress": "", "reason": ""}
        self._lease(task, lease_ms)
        return task.claim()

    def _commit(self, commit: Commit) -> bool:
        if not self.holds(commit.id, commit.token):
            self.totals["fenced"] += 1
            return False
        task = self.tasks[commit.id]
        if commit.state in ENDED:
            task.notes["outcome"] = commit.token
            self._finish(task, commit.state, commit.reason)
        elif commit.state == "RETRY":
            task.notes["outcome"], task.token = commit.token, ""
            task.retries_left, task.retry_delay_s = commit.retries_left, commit.retry_delay_s
            task.max_attempts = task.attempt + 1 + commit.retries_left
            self.totals["RETRY"] += 1
            self._wait_until_due(task, "RETRY", commit.delay_ms)
        elif commit.delay_ms:
            task.attempt, task.token = task.attempt - 1, ""
            task.notes["reason"] = commit.reason
            self._wait_until_due(task, "RETRY", commit.delay_ms)
        else:
            self._put_back(task)
        for child in commit.children:
            self._submit_child(child)
        return True

    def _submit_child(self, child: Child) -> None:
        if child.gate:
            come = self.gates.setdefault(child.gate, set())
            come.add(child.member)
            if len(come) < child.size:
                return
            del self.gates[child.gate]
        self.submit(child.task)

    def _put_back(self, task: ModelTask) -> None:
        task.attempt, task.token = task.attempt - 1, ""
        self._queue(task, task.place)

    def _crash(self, task: ModelTask, max_crashes: int) -> None:
        task.crashes += 1
        self.totals["crashes"] += 1
        self._put_back_or_fail(task, task.crashes, max_crashes, "its worker died")

    def _lose(self, task: ModelTask, max_losses: int) -> None:
        task.losses += 1
        self.totals["losses"] += 1
        self._put_back_or_fail(task, task.losses, max_losses, "its consumer was lost")

    def _put_back_or_fail(self, task: ModelTask, times: int, limit: int, what: str) -> None:
        if times < limit:
            self._put_back(task)
            return
        self.dead[task.new.id] = self._in()
        self._finish(task, "FAILURE", f"{what} {times} times while it ran")

    def _finish(self, task: ModelTask, state: str, reason: str) -> None:
        task.state, task.token, task.score = state, "", self._in()
        task.notes |= {"finished_at": self._in(), "reason": reason}
        self.totals[state] += 1
