"""What the scripts should do, as plain Python: one queue with its tasks, slots, gates and numbers.

Knows nothing of Redis, and no clock: a moment is the number of the rule in which it came, and what
depends on time is decided by who calls. `test_model.py` holds it against the real scripts.
"""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import dropwhile
from typing import NamedTuple

from huey_tasks.broker.protocol import Cause, Claim, Commit, Found, Gate, NewTask, only_of
from huey_tasks.errors import QueueDraining

#: Milliseconds. A short delay or time limit is over when it is looked at; an hour never is.
SHORT, QUARTER, HOUR = 1, 900_000, 3_600_000

#: Milliseconds that a task waits after its second crash; and after which a lock is looked at again.
PAUSE = LOOK = 1000

#: What is blocked stands so far behind its place; and how many losses make a suspect.
BEHIND, SUSPECT = 4e15, 2

#: Milliseconds of work that a step claims at a time; and how many late tasks it looks at.
BUDGET_MS, LATE = 5, 100

#: An outcome of no more bytes is kept by the task that it ends.
SMALL_BYTES = 4096

ENDED = ("SUCCESS", "FAILURE", "REVOKED", "EXPIRED")
WAITING = ("RETRY", "SCHEDULED")
STATES = ("PENDING", "STARTED", *WAITING, *ENDED)

Commits = tuple[Commit, ...]


class Moment(NamedTuple):
    """The server's time while that rule ran, plus a number of milliseconds."""

    rule: int
    plus_ms: int = 0


Value = str | Moment


class ModelAttempt(NamedTuple):
    """An attempt that failed or was lost, as its task keeps it."""

    attempt: int
    state: str
    started: Value
    ended: Moment
    token: str
    error: str


@dataclass
class ModelGroup:
    """Failed tasks with one cause: when each failed, and which are retried."""

    cause: tuple[str, str, str]  # type, frame, message
    first_seen: Moment
    last_seen: Moment
    seen: int = 0  # how often, by how many types
    types: Counter[str] = field(default_factory=Counter[str])
    sample: str = ""
    failed: dict[str, Moment] = field(default_factory=dict[str, Moment])
    retried: set[str] = field(default_factory=set[str])


@dataclass
class ModelTask:
    """One task: what it counts, and the moments and texts that came with its states."""

    new: NewTask
    max_attempts: int
    retry_delay_s: float | None  # None: it is 0 and was never anything else
    state: str = "PENDING"
    score: float | Moment = 0
    place: int | None = None
    token: str | None = None  # None: it never had any
    lease_ms: int = 0
    attempt: int | None = None
    counts: Counter[str] = field(default_factory=Counter[str])  # deliveries, losses, suspicion, …
    stored: set[str] = field(default_factory=set[str])  # of those numbers that else are 1
    blocked_on: str | None = None
    notes: dict[str, Value] = field(default_factory=dict[str, Value])
    log: list[str] = field(default_factory=list[str])
    attempts: list[ModelAttempt] = field(default_factory=list[ModelAttempt])
    tied: bool = False  # it has, or had, a caller that waits, a suspicion, …
    gone: bool = False  # somebody has erased its record

    def fields(self) -> dict[str, Value]:
        """The hash that stands for it."""
        counted = {
            "message": self.new.message.decode(),
            "type": self.new.type,
            "priority": self.new.priority or None,
            "max_attempts": self.max_attempts if "max_attempts" in self.stored else None,
            "retry_delay_s": self.retry_delay_s,
            "state": self.state,
            "place": self.place,
            "token": self.token,
            "attempt": self.attempt if "attempt" in self.stored else None,
            "ties": "1" if self.tied else None,
            "blocked_on": self.blocked_on,
            **self.counts,
            "deliveries": self.counts["deliveries"] if "deliveries" in self.stored else None,
        }
        if self.new.gate:
            counted |= {"gate": self.new.gate, "passes_on": int(self.new.passes_on)}
        if self.new.webhook_url:
            counted["webhook_url"] = self.new.webhook_url
        if self.new.submitted_by:
            counted["submitted_by"] = self.new.submitted_by
        there = {name: str(value) for name, value in counted.items() if value is not None}
        return there | self.notes

    def claim(self) -> Claim:
        """The claim as its worker gets it."""
        return Claim(
            self.new.id,
            self.token or "",
            self.new.message,
            self.attempt or 0,
            self.max_attempts - (self.attempt or 0),
            self.retry_delay_s,
            self.counts["deliveries"],
            type=self.new.type,
        )


@dataclass(frozen=True)
class Answered:
    """The last step of a slot that did anything, as it was answered."""

    sequence: int
    accepted: list[bool]
    claimed: list[str]


@dataclass
class ModelGate:
    """A gate that is closed: how many stand before it, and who waits behind it."""

    before: int
    callback: NewTask


@dataclass(frozen=True)
class Lock:
    """Who has it, since when, and for how long at most (0: without an end)."""

    id: str
    token: str
    ttl_ms: int
    at: Moment
    request: str


class Model:
    """A queue. Each verb is the script of that name and returns what the script returns."""

    def __init__(self) -> None:
        self.rule = 0
        self.tasks: dict[str, ModelTask] = {}
        self.dead: dict[str, Moment] = {}
        self.stopping: dict[str, Moment] = {}  # cancelled while it ran: the end of its lease
        self.gates: dict[str, ModelGate] = {}
        self.locks: dict[str, Lock] = {}
        self.unlocked: set[str] = set()  # requests that freed the lock of whoever had it
        self.slots: dict[str, Answered] = {}
        self.outcomes: dict[tuple[str, str], bytes] = {}  # by task and token, those with a key
        self.groups: dict[str, ModelGroup] = {}
        self.causes: dict[str, str] = {}
        self.totals: Counter[str] = Counter()
        self.history: Counter[tuple[str, str]] = Counter()  # by type and what it did
        self.recovered_at: Moment | None = None
        self.queue_mode: str | None = None  # None: nobody has ever said
        self.revocations = False
        self.bell = False
        self.knows: dict[str, set[str]] = {}  # by consumer; those that have said it
        self.awaited_things: set[str] = set()
        self.expiring: dict[str, Moment] = {}
        self.answers: dict[str, tuple[dict[str, str], Found]] = {}  # by key, with what came
        self.uniques: dict[str, str] = {}
        self.wanted: set[str] = set()  # ends that webhooks want, `state|type` or `state|`
        self.posted: set[tuple[str, str, str, str]] = set()  # id, state, type, URL

    def ids(self, *states: str) -> list[str]:
        """Return the tasks in these states; those that wait are in the order of their places."""
        found = [task for task in self.tasks.values() if task.state in states]
        if states == ("PENDING",):
            found.sort(key=lambda task: task.score)  # pyright: ignore[reportArgumentType]
        return [task.new.id for task in found]

    def holds(self, task_id: str, token: str) -> bool:
        """Whether this token holds the lease of this task."""
        task = self.tasks.get(task_id)
        return task is not None and task.state == "STARTED" and task.token == token

    # ---- the scripts

    def submit(
        self, news: Sequence[NewTask], gates: Sequence[Gate], may_refuse: bool
    ) -> list[bool | Found]:
        known = [
            new.id in self.tasks or (new.once and self._replayed(json.loads(new.once)))
            for new in news
        ]
        if may_refuse and self.queue_mode == "draining" and not all(known):
            raise QueueDraining.of("default")
        submitted = [self._submit_once(new) for new in news]
        for gate in gates:
            self._open(gate)
        return submitted

    def step(
        self,
        slot: str,
        sequence: int,
        commits: Commits,
        want: int,
        lease_ms: int,
        worth: dict[str, float],
        outcomes: Sequence[bytes],
        announces: bool,
    ) -> tuple[list[bool], list[Claim], bool]:
        last = self.slots.get(slot)
        if last is not None and last.sequence >= sequence:
            still_held = self._still_held(last, f"{slot}/{sequence}.")
            return last.accepted, still_held, self.revocations
        small = self._keep_outcomes(commits, outcomes)
        accepted = [self._commit(commit, lease_ms, small) for commit in commits]
        claims: list[Claim] = []
        if self.queue_mode != "paused":
            known = _Known(self.knows.get(slot.partition("/")[0]), worth, announces, [])
            claims = self._claim_some(slot, sequence, want, lease_ms, known) if want else []
            wakes = not (only_of(slot) or known.held_back)
            self.bell = self.bell or (wakes and bool(self._offered([], 1)))
        if accepted or claims:
            self.slots[slot] = Answered(sequence, accepted, [claim.id for claim in claims])
        return accepted, claims, self.revocations

    def renew(self, held: list[tuple[str, str]], lease_ms: int) -> set[tuple[str, str]]:
        lost = {pair for pair in held if not self.holds(*pair)}
        for task_id, _ in set(held) - lost:
            self._lease(self.tasks[task_id], lease_ms)
        for task_id, token in lost:
            if self._stops(task_id, token):
                self.stopping[task_id] = self._in(lease_ms)
        return lost

    def release(
        self, holder: str, kind: str, blamed: str, limit: int, order: list[str]
    ) -> list[tuple[str, str]]:
        """`order`: the tasks that run, by the ends of their leases."""
        released: list[tuple[str, str]] = []
        for task in [self.tasks[task_id] for task_id in order]:
            if not (task.token or "").startswith(f"{holder}/"):
                continue
            self.totals["released"] += 1
            if blamed in (task.token, "*"):
                self._crash(task, kind, limit)
            else:
                self._release(task)
            released.append((task.new.id, task.state))
        return released

    def stopped(self, task_id: str, token: str) -> None:
        task = self.tasks.get(task_id)
        if task is not None and not task.gone and token and task.notes.get("stopping") == token:
            task.notes["stopped_at"] = self._in()
            self.stopping.pop(task_id, None)

    def recover(self, max_losses: int, gap: bool, order: list[str]) -> list[tuple[str, str]]:
        """`order`: the tasks that run, by the ends of their leases."""
        recovered: list[tuple[str, str]] = []
        self.recovered_at = self._in()
        if not gap:
            live = {one: end for one, end in self.stopping.items() if end.plus_ms > 0}
            self.stopping = live
        for task in [self.tasks[task_id] for task_id in order]:
            if gap and task.lease_ms < HOUR:
                self._lease(task, HOUR)
            elif not gap and task.lease_ms == 0:
                self.totals["recovered"] += 1
                self._crash(task, "losses", max_losses)
                recovered.append((task.new.id, task.state))
        return recovered

    def promote(self, order: list[str], looks: bool) -> float | None:
        """`order`: those that wait, RETRY before SCHEDULED, each by when they are due.

        `looks`: it is time to look whether locks and rate limits are there.
        """
        for task in [self.tasks[task_id] for task_id in order]:
            if isinstance(task.score, Moment) and task.score.plus_ms < HOUR:
                del task.notes["due_at"]
                self._queue_again(task)
        for on in sorted(self.awaited_things) if looks else []:
            kind, _, what = on.partition(":")
            room = 2 if kind == "limit" else int(not self._is_locked(what, HOUR))
            self._wake(on, room)
        self.bell = self.bell or (self.queue_mode != "paused" and bool(self._offered([], 1)))
        if looks and self.awaited_things:
            return LOOK / 1000
        return HOUR / 1000 if self.ids(*WAITING) or self.awaited_things else None

    def expire(self, order: list[str]) -> float | None:
        """`order`: those that must start in time, by that time."""
        for task in [self.tasks[task_id] for task_id in order]:
            if task.new.expires_ms == SHORT:
                self.expiring.pop(task.new.id)
                if task.state in ("PENDING", "SCHEDULED") and _is_late(task):
                    self._finish(task, "EXPIRED", "it was not started in time")
        return HOUR / 1000 if self.expiring else None

    def cancel(self, task_id: str, reason: str, request: str) -> str:
        task = self.tasks.get(task_id)
        if task is None or task.gone:
            return ""
        if task.notes.get("cancel_request") == request:
            return str(task.notes["cancelled_from"])
        before, token = task.state, task.token
        if before not in ENDED:
            task.notes |= {"cancel_request": request, "cancelled_from": before}
            if before == "STARTED":
                self._keep(task, "REVOKED", reason)
                task.notes["stopping"] = token or ""
                assert isinstance(task.score, Moment)
                self.stopping[task_id] = task.score
            self._finish(task, "REVOKED", reason)
        return before

    def awaited(self, task_id: str) -> str:
        task = self.tasks.get(task_id)
        if task is None or task.gone:
            return ""
        if task.state not in ENDED:
            task.notes["awaited"], task.tied = "1", True
        return task.state

    def retry(self, task_id: str, new: NewTask) -> tuple[str, str]:
        task = self.tasks.get(task_id)
        if task is None or task.gone:
            self._leave(task_id)
            return "", ""
        if task.state == "SUCCESS" or task.state not in ENDED:
            return task.state, ""
        follower = self.tasks.get(str(task.notes.get("retried_as")))
        if follower is None or follower.gone:
            self._submit(new)
            self.tasks[new.id].notes["retry_of"] = task_id
            task.notes["retried_as"] = new.id
            self.dead.pop(task_id, None)
            if task_id in self.causes and self.causes[task_id] in self.groups:
                self.groups[self.causes[task_id]].retried.add(task_id)
        return task.state, str(task.notes["retried_as"])

    def mode(self, mode: str) -> None:
        self.queue_mode = mode
        self.bell = self.bell or mode != "paused"

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
        if held and self.tasks[task_id].log[-1:] != [line]:
            self.tasks[task_id].log.append(line)
        return held

    def lock(
        self, name: str, task_id: str, token: str, ttl_ms: int, lease_ms: int, request: str
    ) -> bool:
        if name in self.locks and self.locks[name].request == request:
            return True
        if self._is_locked(name, lease_ms):
            return False
        self.locks[name] = Lock(task_id, token, ttl_ms, self._in(), request)
        return True

    def unlock(self, name: str, token: str, request: str) -> bool:
        if token == "*" and request in self.unlocked:
            return True
        held = name in self.locks and token in ("*", self.locks[name].token)
        if held:
            del self.locks[name]
            self.unlocked |= {request} if token == "*" else set()
            self._wake(f"lock:{name}", 1)
        return held

    def prune(self, orders: list[list[str]], old: bool, cap: int) -> int:
        """`orders`: the ended tasks of each state, the oldest first."""
        before = len(self.tasks)
        for order in orders:
            if old:
                order = [task_id for task_id in order if self._is_kept_by_prune(task_id)]
            over = max(len([task_id for task_id in order if task_id not in self.dead]) - cap, 0)
            for task_id in list(dropwhile(self.dead.__contains__, order))[:over]:
                self._is_kept_by_prune(task_id)
        return before - len(self.tasks)

    # ---- what they have in common

    def _in(self, plus_ms: int = 0) -> Moment:
        return Moment(self.rule, plus_ms)

    def _count(self, what: str, task_type: str) -> None:
        self.totals[what] += 1
        self.history[task_type, what] += 1

    def _replayed(self, once: dict[str, str]) -> Found | None:
        if (answer := self.answers.get(once.get("key", ""))) is None:
            return None
        first, found = answer
        same = first["body"] == once["body"] or (
            "anywhere" in first and first["anywhere"] == once.get("anywhere")
        )
        return found if same else Found("", "", "", "reused")

    def _submit_once(self, new: NewTask) -> bool | Found:
        if not new.once:
            return self._submit(new)
        once = json.loads(new.once)
        if (found := self._replayed(once)) is not None:
            return found
        twin = self.tasks.get(self.uniques.get(once.get("unique", ""), ""))
        if twin is not None and twin.state not in ENDED:
            if "key" in once:
                answer = Found(twin.new.id, "default", twin.state, "replayed_duplicate")
                self.answers[once["key"]] = once, answer
            return Found(twin.new.id, "default", twin.state, "duplicate")
        is_new = self._submit(new)
        if "key" in once:
            state = "SCHEDULED" if new.delay_ms else "PENDING"
            self.answers[once["key"]] = once, Found(new.id, "default", state, "replayed")
        if "unique" in once:
            self.uniques[once["unique"]] = new.id
        return is_new

    def _submit(self, new: NewTask) -> bool:
        if new.id in self.tasks:
            return False
        task = ModelTask(new, new.max_attempts, new.retry_delay_s or None)
        if new.max_attempts != 1:
            task.stored.add("max_attempts")
        task.tied = bool(new.gate or new.webhook_url or new.expires_ms)
        task.notes["submitted_at"] = self._in()
        if new.expires_ms:
            task.notes["expires_at"] = self.expiring[new.id] = self._in(new.expires_ms)
        self.tasks[new.id] = task
        self._count("SUBMITTED", new.type)
        if new.delay_ms:
            self._wait_until_due(task, "SCHEDULED", new.delay_ms)
        else:
            self._queue(task)
        return True

    def _open(self, gate: Gate) -> None:
        name = gate.callback.id
        if name not in self.tasks and name not in self.gates:
            self.gates[name] = ModelGate(gate.size, gate.callback)

    def _new_place(self, task: ModelTask) -> int:
        self.totals["place"] += 1
        return self.totals["place"] - task.new.priority * 10**10

    def _queue(self, task: ModelTask, place: int | None = None) -> None:
        if place is None:
            place = self._new_place(task)
        task.state, task.place, task.score = "PENDING", place, place
        task.notes["queued_at"] = self._in()
        self.bell = True

    def _queue_again(self, task: ModelTask, place: int | None = None) -> None:
        if task.counts.get("suspicion", 0) < SUSPECT:
            self._queue(task, place)
        else:
            task.place = self._new_place(task) if place is None else place
            self._wait_blocked(task, "alone")

    def _block(self, task: ModelTask, on: str) -> None:
        task.blocked_on, task.score = on, (task.place or 0) + BEHIND
        if on.startswith(("lock:", "limit:")):
            self.awaited_things.add(on)

    def _wait_blocked(self, task: ModelTask, on: str) -> None:
        task.state, task.notes["queued_at"] = "PENDING", self._in()
        self._block(task, on)

    def _blocked(self, on: str) -> list[ModelTask]:
        found = [task for task in self.tasks.values() if task.blocked_on == on]
        return sorted(found, key=lambda task: task.place or 0)

    def _blocking(self, kind: str) -> set[str]:
        everything = {task.blocked_on or "" for task in self.tasks.values()}
        return {on for on in everything if on.startswith(kind)}

    def _unblock(self, task: ModelTask) -> None:
        on, task.blocked_on = task.blocked_on, None
        if on is not None and not self._blocked(on):
            self.awaited_things.discard(on)

    def _wake(self, on: str, most: int) -> None:
        for task in self._blocked(on):
            if most < 1:
                return
            self._unblock(task)
            self._queue(task, task.place)
            most -= not _is_late(task)

    def _offered(self, ours: list[str], want: int) -> list[ModelTask]:
        plain = [self.tasks[i] for i in self.ids("PENDING") if self.tasks[i].blocked_on is None]
        left = [task for on in ours for task in self._blocked(on)[:want]]
        return sorted(plain[:want] + left, key=lambda task: task.place or 0)[:want]

    def _wait_until_due(self, task: ModelTask, state: str, delay_ms: int) -> None:
        task.state, task.score = state, self._in(delay_ms)
        task.notes["due_at"] = task.score

    def _still_held(self, last: Answered, token_root: str) -> list[Claim]:
        numbered = enumerate(last.claimed, 1)
        held = [task_id for n, task_id in numbered if self.holds(task_id, f"{token_root}{n}")]
        return [self.tasks[task_id].claim() for task_id in held]

    def _claim_some(
        self, slot: str, sequence: int, want: int, lease_ms: int, known: "_Known"
    ) -> list[Claim]:
        """It looks at one first, and at others if that is short or cannot be claimed."""
        ours = [on for on in self._blocking("type:") if known.has(on.partition(":")[2])]
        claims: list[Claim] = []

        def look(number: int, left_ms: float) -> float:
            """Claim of the next ones those that are worth so much; return what is left of it."""
            offered = self._blocked("alone") if only_of(slot) else self._offered(ours, number)
            fit, left_ms = self._next(offered, known, left_ms, is_first=not claims, slot=slot)
            for task in fit:
                token = f"{slot}/{sequence}.{len(claims) + 1}"
                claims.append(self._claim(task, token, lease_ms))
            return left_ms

        left_ms = look(1, BUDGET_MS)
        if claims and left_ms > 0:
            shortest_ms = min([BUDGET_MS, *known.short.values()])
            look(min(want - 1, math.floor(left_ms / shortest_ms)), left_ms)
        for _ in range(math.ceil((LATE - 1) / want)):
            if not claims and not known.held_back:
                look(want, BUDGET_MS)
        return claims

    def _next(
        self,
        offered: list[ModelTask],
        known: "_Known",
        left_ms: float,
        *,
        is_first: bool,
        slot: str,
    ) -> tuple[list[ModelTask], float]:
        """Those to be claimed; the late expire, those of unknown types are left to others."""
        fit: list[ModelTask] = []
        may_block = not only_of(slot)
        for task in offered:
            if _is_late(task):
                self._finish(task, "EXPIRED", "it was not started in time")
                continue
            if not known.has(task.new.type):
                if may_block and known.is_silent:
                    known.held_back.append(task.new.id)
                    break
                if may_block:
                    self._block(task, f"type:{task.new.type}")
                continue
            left_ms -= known.short.get(task.new.type, BUDGET_MS) if may_block else BUDGET_MS
            if left_ms < 0 and not (is_first and not fit):
                break
            fit.append(task)
        return fit, left_ms

    def _lease(self, task: ModelTask, lease_ms: int) -> None:
        task.lease_ms, task.score = lease_ms, self._in(lease_ms)

    def _claim(self, task: ModelTask, token: str, lease_ms: int) -> Claim:
        self._unblock(task)
        if "started_at" in task.notes:
            task.stored |= {"attempt", "deliveries"}
        task.attempt = (task.attempt or 0) + 1
        task.counts["deliveries"] += 1
        task.state, task.token = "STARTED", token
        task.notes["started_at"] = self._in()
        self.history[task.new.type, "wait"] += 1
        for name in ("progress", "reason"):
            task.notes.pop(name, None)
        self._lease(task, lease_ms)
        return task.claim()

    def _keep_outcomes(self, commits: Commits, outcomes: Sequence[bytes]) -> dict[str, str]:
        """Keep those that get a key of their own; return those that their tasks keep, by tokens."""
        small: dict[str, str] = {}
        for commit, outcome in zip(commits, outcomes, strict=True) if any(outcomes) else ():
            if outcome and commit.state in ENDED and len(outcome) <= SMALL_BYTES:
                small[commit.token] = outcome.decode()
            elif outcome:
                self.outcomes[commit.id, commit.token] = outcome
        return small

    def _commit(self, commit: Commit, lease_ms: int, small: dict[str, str]) -> bool:  # noqa: C901 - one case an ending
        if not self.holds(commit.id, commit.token):
            self.stopped(commit.id, commit.token)
            self.totals["fenced"] += commit.state != "STOPPED"
            return False
        task = self.tasks[commit.id]
        if commit.about is not None:
            run = f"run.{_bucket(commit.about.took_s * 1000)}"
            self.history[commit.about.task_type, run] += 1
        handed_back = commit.state == "UNBEGUN" or (
            commit.state == "PENDING" and not commit.blocked_on
        )
        if not handed_back:
            task.counts.pop("suspicion", None)
        if commit.state in ENDED:
            if commit.state == "FAILURE":
                self._fail(task, commit)
            if commit.token in small:
                task.notes["blob"] = small[commit.token]
            self._finish(task, commit.state, commit.reason, commit.token)
        elif commit.state == "DEAD":
            self._fail(task, commit)
            self._set_aside(task, commit.reason)
        elif commit.state == "RETRY":
            self._keep(task, "RETRY", commit.reason)
            task.notes["outcome"], task.token = commit.token, ""
            task.retry_delay_s = commit.retry_delay_s
            task.max_attempts = (task.attempt or 0) + 1 + commit.retries_left
            task.stored.add("max_attempts")
            self.history[task.new.type, "RETRY"] += 1
            self._wait_until_due(task, "RETRY", commit.delay_ms)
        elif commit.blocked_on:
            kind, _, name = commit.blocked_on.partition(":")
            if kind == "lock" and not self._is_locked(name, lease_ms):
                self._release(task)
            else:
                self._uncount(task)
                self._wait_blocked(task, commit.blocked_on)
        elif commit.delay_ms:
            self._uncount(task)
            task.notes["reason"] = commit.reason
            self._wait_until_due(task, "RETRY", commit.delay_ms)
        else:
            if commit.state == "UNBEGUN":
                task.counts["deliveries"] -= 1
                task.stored.add("deliveries")
            self._release(task)
        self.submit(commit.children, commit.gates, may_refuse=False)
        return True

    def _uncount(self, task: ModelTask) -> None:
        task.attempt, task.token = (task.attempt or 0) - 1, ""
        task.stored.add("attempt")

    def _release(self, task: ModelTask) -> None:
        self._uncount(task)
        self._queue_again(task, task.place)

    def _crash(self, task: ModelTask, kind: str, limit: int) -> None:
        task.counts[kind] += 1
        self.totals[kind] += 1
        what = "its worker died" if kind == "crashes" else "its consumer was lost"
        self._keep(task, "CRASHED" if kind == "crashes" else "LOST", f"{what} while it ran")
        if task.counts[kind] < limit:
            if kind == "losses":
                task.counts["suspicion"] += 1
                task.tied = True
            if kind == "crashes" and task.counts[kind] == 2:
                self._uncount(task)
                self._wait_until_due(task, "RETRY", PAUSE)
            else:
                self._release(task)
        else:
            error = "WorkerDied" if kind == "crashes" else "ConsumerLost"
            fingerprint = hashlib.sha1(f"{error} {task.new.type}".encode()).hexdigest()[:16]
            self._join(task, Cause(fingerprint, error, "", f"{what} while it ran"))
            self._set_aside(task, f"{what} {task.counts[kind]} times while it ran")
            if task.counts.get("suspicion", 0) >= SUSPECT:
                for other in self._blocked("alone"):
                    other.counts["suspicion"] = SUSPECT - 1
                self._wake("alone", 1000)

    def _keep(self, task: ModelTask, state: str, error: str) -> None:
        started, token = task.notes["started_at"], task.token or ""
        task.attempts.append(
            ModelAttempt(task.attempt or 0, state, started, self._in(), token, error)
        )

    def _fail(self, task: ModelTask, commit: Commit) -> None:
        self._keep(task, "FAILURE", commit.reason)
        if commit.cause is not None:
            self._join(task, commit.cause)

    def _join(self, task: ModelTask, cause: Cause) -> None:
        task_id, now = task.new.id, self._in()
        task.notes["cause"] = self.causes[task_id] = cause.fingerprint
        about = (cause.error_type, cause.frame, cause.message)
        group = self.groups.setdefault(cause.fingerprint, ModelGroup(about, now, now))
        group.last_seen, group.sample = now, task_id
        group.seen += 1
        group.types[task.new.type] += 1
        group.failed[task_id] = now

    def _leave(self, task_id: str) -> None:
        group = self.groups.get(self.causes.pop(task_id, ""))
        if group is not None:
            del group.failed[task_id]
            group.retried.discard(task_id)
            if not group.failed:
                self.groups = {name: one for name, one in self.groups.items() if one is not group}

    def _set_aside(self, task: ModelTask, reason: str) -> None:
        self.dead[task.new.id] = self._in()
        self._finish(task, "FAILURE", reason)

    def _finish(self, task: ModelTask, state: str, reason: str, token: str = "") -> None:
        """`token`: of the attempt whose outcome it has, if it has one."""
        self._unblock(task)
        self.expiring.pop(task.new.id, None)
        task.state, task.token, task.score = state, token, self._in()
        task.notes |= {"finished_at": self._in()} | ({"reason": reason} if reason else {})
        self._count(state, task.new.type)
        if task.new.webhook_url or self.wanted & {f"{state}|", f"{state}|{task.new.type}"}:
            self.posted.add((task.new.id, state, task.new.type, task.new.webhook_url))
        gate = self.gates.get(task.new.gate)
        if gate is not None and not (state == "SUCCESS" and task.new.passes_on):
            gate.before -= 1
            if gate.before <= 0:
                del self.gates[task.new.gate]
                self._submit(gate.callback)

    def _is_locked(self, name: str, lease_ms: int) -> bool:
        if name not in self.locks:
            return False
        lock = self.locks[name]
        if not lock.id or self.holds(lock.id, lock.token):
            return True
        return self._stops(lock.id, lock.token) and lease_ms > 0

    def _stops(self, task_id: str, token: str) -> bool:
        """Whether that attempt of a cancelled task may still run."""
        task = self.tasks.get(task_id)
        if task is None or task.gone or task.notes.get("stopping") != token:
            return False
        return "stopped_at" not in task.notes

    def _is_kept_by_prune(self, task_id: str) -> bool:
        """Keep a task that was quarantined, and forget any other."""
        if task_id not in self.dead:
            del self.tasks[task_id]
            self._leave(task_id)
            return False
        return True


class _Known(NamedTuple):
    """What a worker knows: what its consumer has said, and the types that it has run.

    `held_back`: what is to wait until the consumer has said it.
    """

    said: set[str] | None
    short: dict[str, float]
    announces: bool
    held_back: list[str]

    @property
    def is_silent(self) -> bool:
        """Whether its consumer has yet to say it."""
        return self.announces and self.said is None

    def has(self, task_type: str) -> bool:
        if task_type in self.short:
            return True
        return not self.announces if self.said is None else task_type in self.said


def _is_late(task: ModelTask) -> bool:
    return task.new.expires_ms == SHORT and not task.counts["deliveries"]


def _bucket(ms: float) -> int:
    """The first of the bounds 1, 2^(1/4), 2^(2/4), … that is more."""
    return next(number for number in range(1000) if ms < 2 ** (number / 4))
