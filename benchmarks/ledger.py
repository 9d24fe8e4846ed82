"""The effects ledger: what `nap` tasks have really done, kept outside Redis, and its accounting."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Line:
    """One execution of task `n` began or ended, at a Unix time in seconds."""

    what: str
    n: int
    at: float


@dataclass(frozen=True)
class Account:
    """What happened to the accepted tasks, judged by their effects alone."""

    accepted: int
    done: int  # tasks whose body came to its end at least once
    lost: int  # accepted and not done
    repeated: int  # executions begun beyond the first of each task
    all_done_at: float | None  # Unix seconds; None when something is lost


def read(ledger: Path) -> list[Line]:
    """Every complete line; one that is just being written is left for the next look."""
    if not ledger.exists():
        return []
    text, _, _ = ledger.read_text().rpartition("\n")
    rows = (line.split() for line in text.splitlines())
    return [Line(what, int(n), float(at)) for what, n, _, at in rows]


def account(accepted: Iterable[int], lines: Iterable[Line]) -> Account:
    """Account for the tasks of these numbers."""
    wanted, lines = set(accepted), list(lines)
    first_end: dict[int, float] = {}
    for line in lines:
        if line.what == "end":
            first_end.setdefault(line.n, line.at)
    begun = Counter(line.n for line in lines if line.what == "begin")
    done = wanted & first_end.keys()
    lost = wanted - done
    return Account(
        accepted=len(wanted),
        done=len(done),
        lost=len(lost),
        repeated=sum(number - 1 for number in begun.values()),
        all_done_at=None if lost or not done else max(first_end[n] for n in done),
    )
