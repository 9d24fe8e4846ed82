"""Judges the history of a storm: a total-queue check in the manner of Jepsen's.

What went in must come out: accepted tasks end exactly once, nothing runs that was not submitted,
and whatever ran more than once did so because of a fault. Knows nothing of processes or Redis.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

from huey_tasks.broker.protocol import ALONE, only_of
from tests.chaos.history import TERMINAL, Execution, History, Sighting, Submission
from tests.chaos.recoveries import overlap, that_break_work


class Breach(StrEnum):
    """A promise that can be broken."""

    LOST = "lost"
    DOUBLE_TERMINAL = "double terminal"
    UNEXPECTED = "unexpected"
    UNEXPLAINED_REPEAT = "unexplained repeat"
    UNEXPLAINED_DELIVERY = "unexplained delivery"
    DOUBLE_CLAIM = "double claim"
    WRONG_END = "wrong end"
    RAN_AFTER_CANCEL = "ran after its cancel"
    GAP = "gap"
    LEFT_BEHIND = "left behind"
    SPOILT_WORKER = "spoilt worker"
    OUTLIVED = "outlived its attempt"
    HELD_UP = "held up"
    UNMANNED = "unmanned"
    BROKEN_FLOW = "broken flow"
    UNDELIVERED = "undelivered"
    TOO_EARLY = "too early"


@dataclass(frozen=True)
class Violation:
    """One broken promise, described in a line."""

    breach: Breach
    text: str


#: Seconds. Redis keeps milliseconds.
_CLOCK_S = 0.002
#: Seconds in which a consumer of suspects ends whose parent was killed.
_ORPHAN_S = 2.0


class Checker:
    """The account of one history."""

    def __init__(self, history: History) -> None:
        self.history = history
        self._by_task: dict[str, list[Execution]] = defaultdict(list)
        for execution in history.executions:
            self._by_task[execution.task_id].append(execution)
        self._breaks = that_break_work(history.hits)

    def violations(self) -> list[Violation]:
        """Everything that is wrong; an empty list is a pass."""
        found = [
            *self._lost(),
            *self._ended_twice(),
            *self._unexpected(),
            *self._too_early(),
            *self._double_claims(),
            *self._wrong_ends(),
            *self._ran_after_cancel(),
            *(
                Violation(Breach.UNEXPLAINED_REPEAT, _repeat(pair))
                for pair in self.unexplained_repeats
            ),
            *self._unexplained_deliveries(),
            *self._spoilt_workers(),
            *self._broken_flows(),
            *self._undelivered(),
        ]
        found += [Violation(Breach.GAP, gap) for gap in self.history.gaps]
        found += [Violation(Breach.LEFT_BEHIND, process) for process in self.history.left_behind]
        found += [Violation(Breach.OUTLIVED, process) for process in self.history.outlived]
        found += [Violation(Breach.HELD_UP, what) for what in self.history.held_up]
        found += [Violation(Breach.UNMANNED, consumer) for consumer in self.history.unmanned]
        return found

    # ---- what went in

    @cached_property
    def _keys(self) -> dict[str, Submission]:
        return {submission.key: submission for submission in self.history.submissions}

    @cached_property
    def last(self) -> dict[str, Sighting]:
        """Each task as it was read last."""
        return {task_id: seen[-1] for task_id, seen in self.history.sightings.items() if seen}

    @cached_property
    def _ids_of(self) -> dict[str, set[str]]:
        """The ids under which each key is in Redis."""
        ids: dict[str, set[str]] = defaultdict(set)
        for task_id, sighting in self.last.items():
            ids[sighting.key].add(task_id)
        return ids

    @cached_property
    def accepted(self) -> list[Submission]:
        """What must have ended: answered with yes, or to follow from tasks that succeeded."""
        return [submission for submission in self.history.submissions if self._owed(submission)]

    def _owed(self, submission: Submission) -> bool:
        if submission.after_failure is not None:
            return self._ended_as("FAILURE", submission.after_failure)
        if not submission.after:
            return submission.accepted
        return all(self._ended_as("SUCCESS", key) for key in submission.after)

    def _ended_as(self, state: str, key: str) -> bool:
        return any(self.last[task_id].state == state for task_id in self._ids_of.get(key, ()))

    def _lost(self) -> Iterator[Violation]:
        for submission in self.accepted:
            named = {submission.task_id} if submission.task_id else self._ids_of[submission.key]
            states = [self.last[task_id].state for task_id in named if task_id in self.last]
            if not states:
                yield Violation(Breach.LOST, f"{submission.key}: accepted, and not in Redis")
        for sighting in self.last.values():
            if sighting.state not in TERMINAL:
                text = f"{_name(sighting)}: still {sighting.state} at the end"
                yield Violation(Breach.LOST, text)

    def _unexpected(self) -> Iterator[Violation]:
        ran = {(execution.task_id, execution.key) for execution in self.history.executions}
        there = {(sighting.task_id, sighting.key) for sighting in self.last.values()}
        for task_id, key in sorted(ran | there):
            submission = self._keys.get(key)
            if submission is None:
                why = "was never submitted"
            elif submission.task_id not in (None, task_id):
                why = f"was submitted as {submission.task_id}"
            elif submission.before and not self._owed(submission):
                why = "follows from a task that did not end so"
            else:
                continue
            yield Violation(Breach.UNEXPECTED, f"{key} {task_id}: {why}")
        for key, ids in sorted(self._ids_of.items()):
            if len(ids) > 1:
                text = f"{key}: submitted once and there as {', '.join(sorted(ids))}"
                yield Violation(Breach.UNEXPECTED, text)

    def _too_early(self) -> Iterator[Violation]:
        """What follows from others begins when they have ended."""
        for execution in self.history.executions:
            submission = self._keys.get(execution.key)
            for key in submission.before if submission is not None else ():
                ends = [self.last[task_id].finished_at for task_id in self._ids_of.get(key, ())]
                if not all(end and end <= execution.began_at + _CLOCK_S for end in ends):
                    text = f"{execution.key} {execution.task_id}: began before {key} had ended"
                    yield Violation(Breach.TOO_EARLY, text)

    # ---- how it ended

    def _ended_twice(self) -> Iterator[Violation]:
        for seen in self.history.sightings.values():
            ends = list(dict.fromkeys(_end(s) for s in seen if s.state in TERMINAL))
            left = any(
                before.state in TERMINAL and after.state not in TERMINAL
                for before, after in pairwise(seen)
            )
            if len(ends) > 1 or left:
                text = f"{_name(seen[0])}: {' then '.join(s.state for s in seen)}, ends {ends}"
                yield Violation(Breach.DOUBLE_TERMINAL, text)

    def _wrong_ends(self) -> Iterator[Violation]:
        asked = {cancel.task_id for cancel in self.history.cancels}
        granted = {c.task_id for c in self.history.cancels if c.answered_at is not None}
        for task_id, sighting in self.last.items():
            submission = self._keys.get(sighting.key)
            if submission is None or sighting.state not in TERMINAL:
                continue
            why = None
            if sighting.state == "REVOKED":
                why = None if task_id in asked else "revoked, and nobody cancelled it"
            elif task_id in granted:
                why = f"ended as {sighting.state} after its cancel was answered"
            elif (sighting.state, sighting.attempt) != (submission.ends_as, submission.at_attempt):
                why = f"ended as {sighting.state} in attempt {sighting.attempt}"
            elif not self._worked(sighting):
                why = f"ended as {sighting.state}, and no execution has come to that end"
            if why is not None:
                yield Violation(Breach.WRONG_END, f"{_name(sighting)}: {why}")

    def _worked(self, sighting: Sighting) -> bool:
        """Whether an execution that has ended is the one whose outcome was kept."""
        return any(
            execution.ended_at is not None
            and execution.attempt == sighting.attempt
            and (sighting.state != "SUCCESS" or execution.token == sighting.result)
            for execution in self._by_task[sighting.task_id]
        )

    def _ran_after_cancel(self) -> Iterator[Violation]:
        for cancel in self.history.cancels:
            if cancel.answered_at is None or cancel.deliveries is None:
                continue
            for execution in self._by_task[cancel.task_id]:
                late = execution.began_at > cancel.answered_at
                if late and execution.delivery > cancel.deliveries:
                    text = f"{execution.key} {cancel.task_id}: delivery {execution.delivery} began"
                    text += f" {execution.began_at - cancel.answered_at:.2f} s after the answer"
                    yield Violation(Breach.RAN_AFTER_CANCEL, text)

    # ---- what ran more than once

    @cached_property
    def repeats(self) -> list[tuple[Execution, Execution]]:
        """Pairs of one execution and the next of the same attempt."""
        pairs: list[tuple[Execution, Execution]] = []
        for executions in self._by_task.values():
            ordered = sorted(executions, key=lambda e: (e.attempt, e.delivery, e.began_at))
            pairs += [(a, b) for a, b in pairwise(ordered) if a.attempt == b.attempt]
        return pairs

    @cached_property
    def unexplained_repeats(self) -> list[tuple[Execution, Execution]]:
        """Repeats that Redis has not counted as a delivery, or that no fault was the reason of."""
        return [pair for pair in self.repeats if not self._explained(*pair)]

    def _explained(self, first: Execution, second: Execution) -> bool:
        record = self.last.get(first.task_id)
        if first.delivery == second.delivery or record is None:
            return False
        if max(first.delivery, second.delivery) > record.deliveries:
            return False
        begin, end = sorted((first.began_at, second.began_at))
        alone = only_of(first.token) == ALONE
        if alone:  # it may begin a task before it sees that its parent was killed, and then ends
            begin -= _ORPHAN_S
        return any(
            (hit.everyone or alone or first.pid in hit.pids) and overlap(hit, begin, end)
            for hit in self._breaks
        )

    def _unexplained_deliveries(self) -> Iterator[Violation]:
        """A delivery that no worker began needs a fault in the task's life; so does a crash."""
        for sighting in self.last.values():
            ended = sighting.finished_at or float("inf")
            faults = sum(overlap(hit, sighting.submitted_at, ended) for hit in self._breaks)
            begun = {execution.delivery for execution in self._by_task[sighting.task_id]}
            unseen = sighting.deliveries - len(begun)
            if max(unseen, sighting.crashes) > faults:
                text = f"{_name(sighting)}: {sighting.deliveries} deliveries, {len(begun)} begun,"
                text += f" {sighting.crashes} crashes, {faults} faults in its life"
                yield Violation(Breach.UNEXPLAINED_DELIVERY, text)

    def _double_claims(self) -> Iterator[Violation]:
        """A worker takes one task at a time: a token names one task."""
        began = {(execution.task_id, execution.token) for execution in self.history.executions}
        holders: dict[str, set[str]] = defaultdict(set)
        for task_id, token in began | self.history.claims:
            holders[token].add(task_id)
        for token, ids in sorted(holders.items()):
            if len(ids) > 1:
                yield Violation(Breach.DOUBLE_CLAIM, f"{token}: {', '.join(sorted(ids))}")
        runs = Counter(execution.token for execution in self.history.executions)
        for token, times in runs.items():
            if times > len(holders[token]):
                yield Violation(Breach.DOUBLE_CLAIM, f"{token}: executed {times} times")

    def _spoilt_workers(self) -> Iterator[Violation]:
        for execution in self.history.executions:
            if execution.oddities:
                text = f"{execution.key} {execution.task_id} in {execution.pid}: "
                yield Violation(Breach.SPOILT_WORKER, text + ", ".join(execution.oddities))

    # ---- what comes of it

    def _broken_flows(self) -> Iterator[Violation]:
        for flow in self.history.flows:
            if flow.found_as != flow.ends_as:
                text = f"{flow.key}: {flow.found_as or 'not there'}, not {flow.ends_as}"
                yield Violation(Breach.BROKEN_FLOW, text)

    def _undelivered(self) -> Iterator[Violation]:
        """The end of a task is posted at least once, always under the same id."""
        for submission in self.history.submissions:
            for task_id in self._ids_of.get(submission.key, ()) if submission.webhook else ():
                end = self.last[task_id]
                arrived = self.history.arrivals.get(submission.key, ())
                told = {(arrival.task_id, arrival.state) for arrival in arrived}
                ids = {arrival.delivery_id for arrival in arrived}
                if told != {(task_id, end.state)} or len(ids) != 1:
                    text = f"{_name(end)}: {end.state}, arrived {len(arrived)} times as {told}"
                    yield Violation(Breach.UNDELIVERED, f"{text} under {len(ids)} ids")


def _end(sighting: Sighting) -> tuple[str, float | None, int, str]:
    return (sighting.state, sighting.finished_at, sighting.attempt, repr(sighting.result))


def _name(sighting: Sighting) -> str:
    return f"{sighting.key or '(no key)'} {sighting.task_id}"


def _repeat(pair: tuple[Execution, Execution]) -> str:
    first, second = pair
    return (
        f"{first.key} {first.task_id}: attempt {first.attempt} ran as deliveries {first.delivery}"
        f" and {second.delivery}, {second.began_at - first.began_at:.2f} s apart"
    )
