"""Writes docs/BENCHMARKS.md and its plots from the recorded outcomes; no figure is typed in."""

import json
import subprocess
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import environments, store, table
from benchmarks.measurements import MEASUREMENTS
from benchmarks.measurements.measurement import Measurement
from benchmarks.systems import SYSTEMS
from benchmarks.systems.system import Profile

DOCS = Path(__file__).parents[1] / "docs"
PLOTS = DOCS / "benchmarks"

PLOTTING = ("matplotlib==3.11.2",)

HEAD = """# Benchmarks

Duckline beside its peers: every system on the same work, on a private `redis-server` of its own
(append-only file, `appendfsync everysec`), on one machine, in turn. Written by
`python -m benchmarks report` from [benchmarks/results](../benchmarks/results): every figure is from
a run, none is typed in. `make bench ARGS=all` makes all of it again;
[benchmarks/README.md](../benchmarks/README.md) says more.

The machine has few cores and may be shared with other programs while a measurement runs, so compare
within a table, not between tables or with other pages."""


#: Draws a plot (as a dict) into a file.
Draw = Callable[[Path, dict[str, Any]], None]


def write() -> Path:
    """Write the page and its plots; returns its file."""
    environments.install_python("plots", PLOTTING)
    PLOTS.mkdir(parents=True, exist_ok=True)
    file = DOCS / "BENCHMARKS.md"
    file.write_text(page(_draw))
    return file


def page(draw: Draw) -> str:
    """The page from everything that is recorded."""
    sections = [HEAD]
    for measurement in MEASUREMENTS.values():
        recorded = store.load(measurement.name)
        if recorded is not None:
            sections.append("\n\n".join(_section(measurement, recorded, draw)))
    sections.append("\n\n".join(_promises()))
    sections.append("\n\n".join(_systems()))
    return "\n\n".join(sections) + "\n"


def _section(measurement: Measurement[Any], recorded: store.Recorded, draw: Draw) -> Iterator[str]:
    outcomes = measurement.from_json(list(recorded.outcomes))
    yield f"## {measurement.title}"
    yield textwrap.fill(measurement.explanation, 100)
    yield table.markdown(measurement.rows(outcomes))
    if measurement.limit:
        yield textwrap.fill(f"**What limits it:** {measurement.limit}", 100)
    for number, plot in enumerate(measurement.plots(outcomes), 1):
        file = PLOTS / f"{measurement.name}-{number}.svg"
        draw(file, asdict(plot))
        yield f"![{plot.title}](benchmarks/{file.name})"
    yield _machine(recorded)


def _machine(recorded: store.Recorded) -> str:
    machine = recorded.machine
    kind = "quick run" if recorded.quick else "full run"
    return (
        f"<sub>{kind} of {recorded.at}, revision {machine.revision}, load {recorded.load:.1f} "
        f"before; {machine.cores} cores of {machine.cpu}, {machine.memory_gib} GiB, "
        f"{machine.system}; Redis {machine.redis}, Python {machine.python}, "
        f"Node {machine.node}</sub>"
    )


def _draw(file: Path, plot: dict[str, Any]) -> None:
    """Let matplotlib, in its own environment, draw a plot."""
    script = Path(__file__).parent / "apps" / "plot.py"
    command = [environments.python("plots"), str(script), str(file)]
    subprocess.run(command, input=json.dumps(plot), text=True, check=True)


def _promises() -> Iterator[str]:
    """What `python -m benchmarks.promises` has recorded of Duckline alone."""
    yield "## What Duckline promises"
    file = store.RESULTS / "promises.json"
    if not file.exists():
        yield "Not recorded yet: `python -m benchmarks.promises`."
        return
    run = json.loads(file.read_text())
    rows = [["", "times", "p50", "p99", "worst", "goal for p99"]]
    for promise in run["promises"]:
        unit = promise["unit"]
        figures = [f"{promise[name]:,.1f} {unit}" for name in ("p50", "p99", "max")]
        goal = "" if promise["goal"] is None else f"< {promise['goal']:g} {unit}"
        rows.append([promise["name"], str(promise["n"]), *figures, goal])
    yield "Recovery, cancels, lateness, waits, idleness, by `python -m benchmarks.promises`."
    yield table.markdown(rows)
    yield (
        f"<sub>run of {run['measured_at']}, revision {run['commit']}; {run['machine']}; "
        f"Redis {run['redis']}, Python {run['python']}</sub>"
    )


def _systems() -> Iterator[str]:
    yield "## Versions and settings"
    yield "The reason for each setting stands beside it in `benchmarks/systems`."
    rows = [["system", "packages", "for short tasks", "for long tasks"]]
    for system in SYSTEMS.values():
        settings = [system.settings(profile) for profile in Profile]
        rows.append([system.title, ", ".join(f"`{p}`" for p in system.packages), *settings])
    yield table.markdown(rows, texts=len(rows[0]))
