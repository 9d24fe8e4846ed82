"""`python -m benchmarks <measurement>…`: measure Duckline beside its peers; see README.md."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmarks import report, store, table
from benchmarks.measurements import MEASUREMENTS
from benchmarks.measurements.measurement import Measurement, Options


def main(argv: list[str]) -> int:
    """Do what the arguments ask for; returns the exit status."""
    arguments = _parser().parse_args(argv)
    given: list[str] | str = arguments.measurements  # the default stays a string
    options = Options(arguments.quick, arguments.seed, arguments.repeats, arguments.tasks)
    if isinstance(given, str) and options.quick:
        _overview(options)
        return 0
    asked = [given] if isinstance(given, str) else given
    names = list(MEASUREMENTS) if asked == ["all"] else [name for name in asked if name != "report"]
    for name in names:
        measurement = MEASUREMENTS[name]
        systems = arguments.systems.split(",") if arguments.systems else measurement.systems
        _measure(measurement, systems, options, save=arguments.save or asked == ["all"])
    if asked == ["all"] or "report" in asked:
        print(f"written: {report.write()}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "measurements",
        nargs="*",
        default="all",
        choices=[*MEASUREMENTS, "report", "all"],
        help="what to measure; report: write docs/BENCHMARKS.md from what is saved; all: both",
    )
    parser.add_argument("--systems", help="names separated by commas; default: those it is about")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="shorter and fewer runs; alone: an overview in two minutes, which is not kept",
    )
    parser.add_argument("--repeats", type=int, help="runs of each system")
    parser.add_argument("--tasks", type=int, help="of growth and slowlog: the most there are")
    parser.add_argument("--seed", type=int, default=1, help="of everything that is random")
    parser.add_argument("--save", action="store_true", help="keep the outcomes for the report")
    return parser


def _overview(options: Options) -> None:
    """Measure once what people compare, beside the peers they come from; nothing is kept."""
    options = replace(options, repeats=options.repeats or 1)
    for measurement in MEASUREMENTS.values():
        if measurement.overview:
            _measure(measurement, measurement.overview, options, save=False)


def _measure(
    measurement: Measurement[Any], systems: Sequence[str], options: Options, *, save: bool
) -> None:
    load, outcomes = os.getloadavg()[0], list[Any]()
    print(f"{measurement.title}: {', '.join(systems)}", flush=True)
    for outcome in measurement.measure(systems, options):
        outcomes.append(outcome)
        print(f"  {measurement.line(outcome)}", flush=True)
    print(f"\n{table.text(measurement.rows(outcomes))}\n", flush=True)
    if save:
        file = store.save(measurement.name, quick=options.quick, load=load, outcomes=outcomes)
        print(f"saved: {file}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
