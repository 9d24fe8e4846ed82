"""What the queues have counted since the beginning, as `/metrics` shows it: numbers that only grow.

The sums of complete minutes are in `history_keys.totals`, those of the current minute in
`keys.noted`; one script reads both. Every process that asks gets the same numbers, because Redis
counts them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.scripts.operators import OperatorScripts, SeenTotals
from huey_tasks.records import queues
from huey_tasks.records.models import QueueStats
from huey_tasks.records.statistics import BUCKETS, Counts, edges_ms

#: Types with sums of their own, and the name of all later ones; lua/lib/history.lua has the same.
MOST_TYPES, OTHER = 100, "other"

#: The upper edges of a histogram, in seconds. Each is an edge of the buckets that Redis counts in,
#: four to a doubling, so no time is counted on the wrong side.
_EDGES = (4, 12, 20, 28, 32, 36, 40, 44, 48, 52, 56, 60, 68, 76, 84)
EDGES_S = tuple(edges_ms(bucket)[1] / 1000 for bucket in _EDGES)


@dataclass(frozen=True)
class Histogram:
    """How many times were at most as long as each of EDGES_S, and how many there were in all.

    `sum_s` is calculated from buckets that are a fifth wide: an average is off by less than 9 %.
    """

    counts: tuple[int, ...]
    count: int
    sum_s: float


@dataclass(frozen=True)
class TypeCounts:
    """What was counted of one task type in one queue; `ended` by state."""

    task_type: str
    submitted: int
    retries: int
    ended: Mapping[str, int]
    wait: Histogram
    run: Histogram


@dataclass(frozen=True)
class QueueTotals:
    """The numbers of one queue now, and what it has counted since the beginning."""

    stats: QueueStats
    types: tuple[TypeCounts, ...]
    recovered: int
    released: int
    crashes: int
    losses: int
    fenced: int
    leases_overdue: int


def read(brokers: Brokers) -> list[QueueTotals]:
    """Return the totals of each queue, in one round trip. Raises QueueUnavailable."""
    seen = OperatorScripts(brokers.first.scripts).totals(brokers)
    return [_totals(*pair) for pair in zip(brokers, seen, strict=True)]


def _totals(queue: str, seen: SeenTotals) -> QueueTotals:
    types = _by_type(seen)

    def counter(name: str) -> int:
        return int(seen.counters.get(name, 0))

    return QueueTotals(
        stats=queues.stats_of(queue, seen.numbers),
        types=tuple(_type_counts(name, types[name]) for name in sorted(types)),
        recovered=counter("recovered"),
        released=counter("released"),
        crashes=counter("crashes"),
        losses=counter("losses"),
        fenced=counter("fenced"),
        leases_overdue=seen.overdue,
    )


def _by_type(seen: SeenTotals) -> dict[str, Counts]:
    """Return the counts by type; those of the current minute get the names that a fold will use."""
    types = {name: Counts.read(sums) for name, sums in seen.sums.items()}
    present: dict[str, Counts] = {}
    for field, number in seen.noted.items():
        name, bar, what = field.rpartition("|")
        if bar and name:
            present.setdefault(name, Counts()).add(Counts({what: number}))
    named = set(types)
    for name in sorted(present.keys() - named):
        if len(named) < MOST_TYPES:
            named.add(name)
    for name, counts in present.items():
        types.setdefault(name if name in named else OTHER, Counts()).add(counts)
    return types


def _type_counts(name: str, counts: Counts) -> TypeCounts:
    return TypeCounts(
        task_type=name,
        submitted=counts.times("SUBMITTED"),
        retries=counts.times("RETRY"),
        ended={state: counts.times(state) for state in queues.TERMINAL},
        wait=_histogram(counts, "wait"),
        run=_histogram(counts, "run"),
    )


def _histogram(counts: Counts, what: str) -> Histogram:
    buckets = [counts.times(name) for name in BUCKETS[what]]
    below = list(accumulate(buckets))
    return Histogram(
        counts=tuple(below[edge] for edge in _EDGES), count=below[-1], sum_s=_sum_s(buckets)
    )


def _sum_s(buckets: Iterable[int]) -> float:
    return sum(number * _MIDDLES_S[at] for at, number in enumerate(buckets) if number)


_MIDDLES_S = tuple(sum(edges_ms(bucket)) / 2000 for bucket in range(128))
