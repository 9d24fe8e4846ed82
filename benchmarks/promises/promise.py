"""One promise: what was measured, its percentiles, and whether its goal is met."""

import json
import platform
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import table
from benchmarks.arithmetic import percentile
from benchmarks.private_redis import version


@dataclass(frozen=True)
class Promise:
    """Samples of one thing, in `unit`; `goal` is what its p99 must stay below, if it has one."""

    name: str
    samples: tuple[float, ...]
    unit: str = "ms"
    goal: float | None = None

    @property
    def p50(self) -> float:
        return percentile(self.samples, 0.50)

    @property
    def p99(self) -> float:
        return percentile(self.samples, 0.99)

    @property
    def kept(self) -> bool:
        """Whether the goal is met; without one, always."""
        return self.goal is None or self.p99 < self.goal

    def row(self) -> list[str]:
        """The line of the table."""
        digits = 1 if self.p99 < 100 else 0
        numbers = [f"{value:,.{digits}f}" for value in (self.p50, self.p99, max(self.samples))]
        verdict = "" if self.goal is None else "kept" if self.kept else "MISSED"
        goal = "" if self.goal is None else f"< {self.goal:g}"
        return [self.name, str(len(self.samples)), *numbers, self.unit, goal, verdict]


def seconds_to_ms(values: Sequence[float]) -> tuple[float, ...]:
    """Durations in milliseconds."""
    return tuple(value * 1000 for value in values)


def render(promises: Sequence[Promise]) -> str:
    """The table for people."""
    head = ["", "n", "p50", "p99", "max", "unit", "goal (p99)", ""]
    return table.text([head, *(promise.row() for promise in promises)])


def save(promises: Sequence[Promise], file: Path) -> None:
    """Write the table as JSON, with what it was measured on."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    report = {
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": commit,
        "python": platform.python_version(),
        "redis": version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "promises": [
            {
                "name": promise.name,
                "unit": promise.unit,
                "n": len(promise.samples),
                "p50": round(promise.p50, 3),
                "p99": round(promise.p99, 3),
                "max": round(max(promise.samples), 3),
                "goal": promise.goal,
                "kept": promise.kept,
            }
            for promise in promises
        ],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
