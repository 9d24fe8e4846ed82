"""How fast work comes back after a fault, and which faults can be the reason of what."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tests.chaos.history import Execution, History, Hit
from tests.chaos.schedule import LEASE_S, FaultKind


@dataclass(frozen=True)
class Recovery:
    """The time from a fault to the next begin, and whether other faults fell into it."""

    seconds: float
    disturbed: bool


#: Faults after which a worker does not finish what it holds, or finishes it too late.
_BREAKS_WORK = frozenset(
    {
        FaultKind.KILL_WORKER,
        FaultKind.KILL_CONSUMER,
        FaultKind.KILL_GROUP,
        FaultKind.FREEZE_GROUP,
        FaultKind.STOP_CONSUMER,
        FaultKind.KILL_REDIS,
        FaultKind.END_WORKER,
    }
)

#: Seconds. How long after its end a fault may still be the reason of something.
_AFTERMATH_S = LEASE_S + 1.0


def that_break_work(hits: Iterable[Hit]) -> list[Hit]:
    """Return the faults after which a worker does not finish what it holds."""
    return [hit for hit in hits if hit.kind in _BREAKS_WORK]


def recoveries(history: History, kinds: Collection[FaultKind]) -> list[Recovery]:
    """How long each attempt that such a fault interrupted took to begin again."""
    by_task: dict[str, list[Execution]] = defaultdict(list)
    for execution in history.executions:
        by_task[execution.task_id].append(execution)
    breaks = that_break_work(history.hits)
    found: list[Recovery] = []
    for hit in breaks:
        for held in history.executions if hit.kind in kinds else ():
            running = held.began_at <= hit.at and (held.ended_at or hit.at + 1) > hit.at
            again = [
                execution.began_at
                for execution in by_task[held.task_id]
                if execution.attempt == held.attempt and execution.began_at > hit.at
            ]
            if held.pid in hit.pids and running and again:
                others = [other for other in breaks if other is not hit]
                disturbed = any(overlap(other, hit.at, min(again)) for other in others)
                found.append(Recovery(min(again) - hit.at, disturbed))
    return found


def overlap(hit: Hit, begin: float, end: float) -> bool:
    """Whether a fault, or its aftermath, falls into that time."""
    until = hit.until + (_AFTERMATH_S if hit.everyone else 0.0)
    return hit.at <= end and until >= begin
