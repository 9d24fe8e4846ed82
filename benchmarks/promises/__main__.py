"""`python -m benchmarks.promises [--quick]`: measure, print a table, write it as JSON."""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.promises import noise
from benchmarks.promises.arena import Arena, arena
from benchmarks.promises.promise import Promise, render, save

#: Where a full run leaves its figures.
RESULTS = Path(__file__).parents[1] / "results" / "promises.json"

NAMES = ("workers", "consumers", "machines", "cancels", "lateness", "waits", "idle")


@dataclass(frozen=True)
class Plan:
    """How many samples of each kind; `idle_s` in seconds each."""

    worker_kills: int = 50
    consumer_kills: int = 20
    machine_tasks: int = 8
    cancels: int = 500
    cancel_kills: int = 20
    due_tasks: int = 1000
    waits: int = 300
    idle_samples: int = 5
    idle_s: float = 6.0


QUICK = Plan(10, 3, 4, 60, 3, 100, 30, 2, 3.0)


def main(argv: list[str]) -> int:
    """Measure what the arguments ask for; status 1 when a promise was not kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.promises", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few samples, for a first look")
    parser.add_argument("--only", default=",".join(NAMES), help="of: %(default)s")
    parser.add_argument("--json", type=Path, help=f"default: {RESULTS.name} if all is measured")
    arguments = parser.parse_args(argv)
    chosen = arguments.only.split(",")
    plan = QUICK if arguments.quick else Plan()
    file = arguments.json
    if file is None and chosen == list(NAMES) and not arguments.quick:
        file = RESULTS
    with arena() as built:
        os.environ.update(built.settings)
        promises = _measure(built, plan, chosen)
    print(render(promises))
    if file is not None:
        save(promises, file)
    return int(not all(promise.kept for promise in promises))


def _measure(built: Arena, plan: Plan, chosen: list[str]) -> list[Promise]:
    # These read the settings from the environment when they are imported.
    from benchmarks.promises import cancels, idleness, lateness, recovery, waits

    measurements: dict[str, Callable[[], list[Promise]]] = {
        "workers": lambda: recovery.of_workers(built, plan.worker_kills),
        "consumers": lambda: recovery.of_consumers(built, plan.consumer_kills),
        "machines": lambda: recovery.of_machines(built, plan.machine_tasks),
        "cancels": lambda: cancels.of_running_tasks(built, plan.cancels, plan.cancel_kills),
        "lateness": lambda: lateness.of_due_tasks(built, plan.due_tasks),
        "waits": lambda: waits.of_callers(built, plan.waits),
        "idle": lambda: idleness.of_consumers(built, plan.idle_samples, plan.idle_s),
    }
    promises: list[Promise] = []
    for name in chosen:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        # Nothing else may talk to Redis while what idle consumers send is counted.
        quiet = contextlib.nullcontext()
        with quiet if name == "idle" else noise.listening(name, built.redis.port, promises):
            promises += measurements[name]()
    return promises


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
