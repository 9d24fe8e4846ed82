"""The verdict of a storm: what an operator reads, and PASS or FAIL in the last line."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from tests.chaos.checker import Breach, Checker, Violation
from tests.chaos.history import History
from tests.chaos.recoveries import Recovery, recoveries
from tests.chaos.schedule import FaultKind

#: How many broken promises of one kind are printed in full.
SHOWN = 5

_RECOVERIES = {
    "  worker killed": (FaultKind.KILL_WORKER,),
    "  consumer killed": (FaultKind.KILL_CONSUMER, FaultKind.KILL_GROUP),
    "  consumer frozen": (FaultKind.FREEZE_GROUP,),
    "  consumer stopped": (FaultKind.STOP_CONSUMER,),
    "  task ended it": (FaultKind.END_WORKER,),
}


def render(history: History, title: str) -> str:
    """Write the whole verdict."""
    checker = Checker(history)
    violations = checker.violations()
    rows = [
        ("faults", _counted(hit.kind.value for hit in history.hits)),
        ("accepted", _accepted(checker)),
        ("ended", _counted(sighting.state for sighting in checker.last.values())),
        ("executions", _executions(checker)),
        ("flows", _counted(str(flow.found_as) for flow in history.flows)),
        ("webhooks", _webhooks(history)),
        ("promises", _promises(violations)),
        ("runs again after", "how many attempts, and how long it took them to begin again"),
        *((name, _recovery(recoveries(history, kinds))) for name, kinds in _RECOVERIES.items()),
    ]
    lines = [title, *(f"  {name:<18} {text}" for name, text in rows)]
    lines += _told(violations)
    return "\n".join([*lines, "FAIL" if violations else "PASS"])


def _counted(names: Iterable[str]) -> str:
    counts = Counter(names)
    parts = ", ".join(f"{name} {number}" for name, number in sorted(counts.items()))
    return f"{counts.total()}: {parts}" if counts else "none"


def _accepted(checker: Checker) -> str:
    history = checker.history
    roots = [s for s in history.submissions if not s.before]
    unknown = [s.key for s in roots if not s.accepted]
    there = {sighting.key for sighting in checker.last.values()}
    text = f"{len(checker.accepted)} of {len(history.submissions)} submitted"
    text += f"; {len(unknown)} answers lost, {len(there.intersection(unknown))} of these are there"
    granted = sum(cancel.answered_at is not None for cancel in history.cancels)
    return f"{text}; {granted} cancelled"


def _executions(checker: Checker) -> str:
    unexplained = len(checker.unexplained_repeats)
    explained = len(checker.repeats) - unexplained
    total = len(checker.history.executions)
    return f"{total}; repeats {explained} explained by a fault, {unexplained} unexplained"


def _webhooks(history: History) -> str:
    total = sum(map(len, history.arrivals.values()))
    return f"ends of {len(history.arrivals)} tasks arrived, in {total} posts"


def _promises(violations: Sequence[Violation]) -> str:
    counts = Counter(violation.breach for violation in violations)
    return ", ".join(f"{breach} {counts[breach]}" for breach in Breach)


def _recovery(found: Sequence[Recovery]) -> str:
    if not found:
        return "nothing was interrupted there"
    alone = [recovery.seconds for recovery in found if not recovery.disturbed]
    mixed = [recovery.seconds for recovery in found if recovery.disturbed]
    return f"{_seconds(alone)}; amid other faults {_seconds(mixed)}"


def _seconds(values: Sequence[float]) -> str:
    if not values:
        return "none"
    ordered = sorted(values)
    p50, p99 = (ordered[math.ceil(share * len(ordered)) - 1] for share in (0.5, 0.99))
    return f"{len(ordered)}: p50 {p50:.2f} s, p99 {p99:.2f} s, max {ordered[-1]:.2f} s"


def _told(violations: Sequence[Violation]) -> list[str]:
    lines: list[str] = []
    for breach in Breach:
        texts = [violation.text for violation in violations if violation.breach is breach]
        lines += [f"  {breach.upper()}: {text}" for text in texts[:SHOWN]]
        if len(texts) > SHOWN:
            lines.append(f"  {breach.upper()}: and {len(texts) - SHOWN} more")
    return lines
