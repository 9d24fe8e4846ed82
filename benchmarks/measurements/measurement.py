"""The common shape of measurements, so that the command line and the report know only one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from benchmarks.table import Rows

O = TypeVar("O")  # noqa: E741 the outcome of one run


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    quick: bool = False
    seed: int = 1
    repeats: int | None = None  # instead of the measurement's own number
    tasks: int | None = None  # in Redis, instead of what the measurement would let there be


@dataclass(frozen=True)
class Bar:
    """One bar of a plot: the middle, and how far the runs spread around it."""

    label: str
    middle: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Plot:
    """A bar chart."""

    title: str
    unit: str
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Measurement(Generic[O]):
    """Something that can be measured of several systems in turn."""

    name: str
    title: str
    explanation: str  # for the report: what was done, under which conditions
    systems: Sequence[str]  # measured when the command line names none
    outcome: type[O]
    #: The names of the systems -> the outcome of each run, as soon as it ends.
    measure: Callable[[Sequence[str], Options], Iterable[O]]
    rows: Callable[[Sequence[O]], Rows]
    plots: Callable[[Sequence[O]], Sequence[Plot]]
    #: Those of them that `--quick` alone measures, in two minutes with all measurements that have
    #: some; the long ones have none.
    overview: Sequence[str] = ()
    #: For the report: what keeps our figure from being a better one.
    limit: str = ""

    def line(self, outcome: O) -> str:
        """One outcome in one line, while the others are still being made."""
        return "  ".join(f"{name} {value}" for name, value in vars(outcome).items())

    def from_json(self, rows: Iterable[dict[str, Any]]) -> list[O]:
        """The outcomes that were kept as JSON."""
        return [self.outcome(**row) for row in rows]
