"""`python -m benchmarks.guard`: has Duckline become slow? A minute, for continuous integration.

Drains and submits beside plain Huey in the same run and prints the ratios; an absolute time would
say more of the machine than of the code. Status 1 only on a collapse: below half of what is
recorded in results/guard.json, which `--record` replaces.
"""

import argparse
import json
import sys
import time
from statistics import median

from benchmarks import store, table
from benchmarks.measurements import drain
from benchmarks.run import a_run
from benchmarks.systems import chosen
from benchmarks.systems.system import Profile, System

ROUNDS = 3
#: A drain of a fifth of these is over in 0.2 s, and measures how a worker starts.
DRAINED, SUBMITTED = 15_000, 1000

#: Below this share of the recorded ratio the code has collapsed, however noisy the machine.
COLLAPSE = 0.5

RECORD = "guard.json"


def main(argv: list[str]) -> int:
    """Measure, print, compare; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.guard", description=__doc__)
    parser.add_argument("--record", action="store_true", help="keep these ratios as the measure")
    arguments = parser.parse_args(argv)
    now = measure()
    file = store.RESULTS / RECORD
    if arguments.record:
        file.write_text(json.dumps(now, indent=1) + "\n")
    recorded: dict[str, float] = json.loads(file.read_text()) if file.exists() else {}
    print(table.text(rows(now, recorded)))
    return int(any(collapsed(now[what], recorded.get(what)) for what in now))


def measure() -> dict[str, float]:
    """How many times as fast as plain Huey each thing is, the median of some rounds."""
    ours, huey = chosen(["duckline", "huey"])
    ratios: dict[str, list[float]] = {"drain": [], "submit": []}
    for _ in range(ROUNDS):
        drained = [drain.run(system, DRAINED).per_second for system in (ours, huey)]
        submitted = [submits_per_second(system) for system in (ours, huey)]
        ratios["drain"].append(drained[0] / drained[1])
        ratios["submit"].append(submitted[0] / submitted[1])
    return {what: round(median(each), 2) for what, each in ratios.items()}


def submits_per_second(system: System) -> float:
    """How fast one process submits, one task after the other."""
    with a_run(system, 1, Profile.SHORT) as running:
        begun_at = time.monotonic()
        running.driver.submit("noop", [0.0] * SUBMITTED, [0.0] * SUBMITTED)
        return SUBMITTED / (time.monotonic() - begun_at)


def collapsed(now: float, recorded: float | None) -> bool:
    """Whether a ratio has fallen below half of what it was; never, when nothing is recorded."""
    return recorded is not None and now < COLLAPSE * recorded


def rows(now: dict[str, float], recorded: dict[str, float]) -> list[list[str]]:
    """One row for each thing, headings first."""
    found = [["beside plain Huey", "now", "recorded", ""]]
    for what, ratio in now.items():
        before = recorded.get(what)
        verdict = "COLLAPSED" if collapsed(ratio, before) else "ok"
        found.append([what, f"{ratio:.2f} x", f"{before:.2f} x" if before else "never", verdict])
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
