"""Several storms in one table: what each was given, what came of it, how fast work came back.

A run is summed up as plain JSON, so that each may be a process of its own and a file keeps them.
"""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.chaos.checker import Breach, Checker
from tests.chaos.recoveries import recoveries
from tests.chaos.schedule import FaultKind

_KILLS = (
    FaultKind.KILL_WORKER,
    FaultKind.KILL_CONSUMER,
    FaultKind.KILL_GROUP,
    FaultKind.KILL_WEB,
    FaultKind.KILL_REDIS,
)
_OF_WORKERS = (FaultKind.KILL_WORKER,)
_OF_CONSUMERS = (FaultKind.KILL_CONSUMER, FaultKind.KILL_GROUP)


@dataclass(frozen=True)
class Summary:
    """One storm. Recoveries are in seconds; `amid` other faults they say less of the engine."""

    redis: str
    seed: int
    seconds: float
    accepted: int
    executions: int
    faults: dict[str, int]
    kills: int
    repeats: int
    breaches: dict[str, int]
    worker_recoveries: list[float]
    worker_recoveries_amid: list[float]
    consumer_recoveries: list[float]
    consumer_recoveries_amid: list[float]

    @property
    def passed(self) -> bool:
        """Whether no promise was broken."""
        return not any(self.breaches.values())


def summarise(checker: Checker, redis: str, seed: int, seconds: float) -> Summary:
    """Sum up a storm that is over."""
    hits = checker.history.hits
    workers, consumers = (
        recoveries(checker.history, kinds) for kinds in (_OF_WORKERS, _OF_CONSUMERS)
    )
    breaches = Counter(violation.breach.value for violation in checker.violations())
    return Summary(
        redis=redis,
        seed=seed,
        seconds=seconds,
        accepted=len(checker.accepted),
        executions=len(checker.history.executions),
        faults=dict(sorted(Counter(hit.kind.value for hit in hits).items())),
        kills=sum(hit.kind in _KILLS for hit in hits),
        repeats=len(checker.repeats),
        breaches={breach.value: breaches[breach.value] for breach in Breach},
        worker_recoveries=[r.seconds for r in workers if not r.disturbed],
        worker_recoveries_amid=[r.seconds for r in workers if r.disturbed],
        consumer_recoveries=[r.seconds for r in consumers if not r.disturbed],
        consumer_recoveries_amid=[r.seconds for r in consumers if r.disturbed],
    )


def write(summaries: Sequence[Summary], file: Path) -> None:
    """Keep summaries as JSON."""
    rows = [asdict(summary) for summary in summaries]
    file.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


def read(file: Path) -> list[Summary]:
    """Read what `write` wrote."""
    rows: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))
    return [Summary(**row) for row in rows]


_HEAD = ("redis", "seed", "accepted", "executions", "kills", "repeats", "lost", "double terminal",
         "other breaches", "worker p50/p99 s", "consumer p50/p99 s", "verdict")  # fmt: skip


def table(summaries: Sequence[Summary]) -> str:
    """A row for each storm, and one for all of them together."""
    rows = [_HEAD, *(_row(summary.redis, str(summary.seed), [summary]) for summary in summaries)]
    if len(summaries) > 1:
        rows.append(_row("all", str(len(summaries)), summaries))
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _row(redis: str, seed: str, together: Sequence[Summary]) -> tuple[str, ...]:
    def total(name: str) -> int:
        return sum(getattr(summary, name) for summary in together)

    broken: Counter[str] = Counter()
    for summary in together:
        broken.update(summary.breaches)
    lost, twice = broken.pop(Breach.LOST.value), broken.pop(Breach.DOUBLE_TERMINAL.value)
    return (
        redis,
        seed,
        *(str(total(name)) for name in ("accepted", "executions", "kills", "repeats")),
        str(lost),
        str(twice),
        str(broken.total()),
        _percentiles([s for summary in together for s in summary.worker_recoveries]),
        _percentiles([s for summary in together for s in summary.consumer_recoveries]),
        "PASS" if all(summary.passed for summary in together) else "FAIL",
    )


def _percentiles(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    ordered = sorted(seconds)
    p50, p99 = (ordered[math.ceil(share * len(ordered)) - 1] for share in (0.5, 0.99))
    return f"{p50:.2f}/{p99:.2f} ({len(ordered)})"
