"""What fails a run of one scenario beside what fails them all, and the rows that show it."""

import math
from collections.abc import Sequence

from loadtests.ledger import Ledger
from loadtests.settings import Settings


def of_scenario(ledger: Ledger, settings: Settings) -> list[tuple[str, str]]:
    """List the rows of the verdict that only this scenario has: name and text."""
    if settings.scenario == "flood":
        flood = ledger.flood
        waiting = "not known" if flood.waiting is None else str(flood.waiting)
        return [
            ("flood", f"{flood.accepted}   low tasks accepted"),
            ("still queued", f"{waiting}   submitted faster than done: a backlog, not a loss"),
            ("high alone waits", percentiles(_waits(ledger, flood.before))),
            ("high in flood", f"waits {percentiles(_waits(ledger, flood.during))}"),
        ]
    if settings.scenario == "retries":
        return [("came back", f"{_retried(ledger)}   tasks had more than one attempt")]
    if settings.scenario == "repeats":
        tasks = len(set().union(*ledger.keys.values()))
        return [("keys", f"{len(ledger.keys)}   {tasks} tasks")]
    if settings.streams:
        seen = ledger.streams
        return [("streams", f"{seen.opened}   {seen.lines} lines, {seen.refused.total()} refused")]
    return []


def exceeded(ledger: Ledger, settings: Settings) -> list[str]:
    """List which thresholds of the scenario were exceeded, each a phrase."""
    reasons: list[str] = []
    submit_s = percentile(ledger.submit_s, 99)
    if submit_s > settings.max_submit_s:
        reasons.append(f"p99 of a submit was {duration(submit_s)}")
    if settings.scenario == "flood":
        alone, during = (
            percentile(_waits(ledger, ids), 99)
            for ids in (ledger.flood.before, ledger.flood.during)
        )
        if not _waits(ledger, ledger.flood.during):
            reasons.append("no high task has started within the flood")
        elif during > alone + settings.max_wait_s:
            reasons.append(f"high waited for the flood: p99 {duration(during)}")
    reasons += _wrong_keys(ledger, settings) + _not_opened(ledger, settings)
    if settings.scenario == "retries" and not _retried(ledger):
        reasons.append("no task came back, so nothing was tested (DEMO_FAILURE_RATE=0.5 helps)")
    return reasons


def _wrong_keys(ledger: Ledger, settings: Settings) -> list[str]:
    if settings.scenario != "repeats":
        return []
    doubled = sum(len(tasks) > 1 for tasks in ledger.keys.values())
    lacking = settings.keys - len(ledger.keys)
    reasons = [f"{doubled} keys with more than one task"] if doubled else []
    return reasons + ([f"{lacking} keys were not answered"] if lacking else [])


def _not_opened(ledger: Ledger, settings: Settings) -> list[str]:
    if settings.scenario != "sockets":
        return []
    pairs = (
        ("sockets", ledger.sockets.opened, settings.sockets),
        ("streams", ledger.streams.opened, settings.streams),
    )
    return [
        f"only {opened} of {wanted} {name} were opened"
        for name, opened, wanted in pairs
        if opened < wanted
    ]


def percentiles(seconds: Sequence[float]) -> str:
    """Write p50, p95 and p99 (nearest rank) of durations given in seconds."""
    if not seconds:
        return "nothing to measure"
    return "  ".join(f"p{p} {duration(percentile(seconds, p))}" for p in (50, 95, 99))


def percentile(seconds: Sequence[float], p: int) -> float:
    """Return a percentile by nearest rank; 0 of nothing."""
    ordered = sorted(seconds)
    return ordered[math.ceil(p / 100 * len(ordered)) - 1] if ordered else 0.0


def duration(seconds: float) -> str:
    """Write a duration in s, or in ms below one."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _waits(ledger: Ledger, task_ids: Sequence[str]) -> list[float]:
    waits = (ledger.entries[task_id].wait_s for task_id in task_ids)
    return [wait_s for wait_s in waits if wait_s is not None]


def _retried(ledger: Ledger) -> int:
    return sum(entry.attempt > 1 for entry in ledger.entries.values())
