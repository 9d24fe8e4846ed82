"""`python -m benchmarks <measurement>`: measure Duckline beside its peers. README.md says how."""

import argparse
import sys

from benchmarks import table
from benchmarks.measurements import crash, drain
from benchmarks.systems import SYSTEMS, chosen


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("measurement", choices=["crash", "drain"])
    parser.add_argument("--systems", default=",".join(SYSTEMS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    a = parser.parse_args(argv)
    outcomes = []
    systems = chosen(a.systems.split(","))
    for system in systems:
        system.install()
    if a.measurement == "drain":
        plan = drain.QUICK if a.quick else drain.Plan()
        counts = {}
        for system in systems:
            counts[system.name] = drain.count_for(drain.run(system, plan.first_count).per_second, plan)
        for round in range(plan.repeats):
            for system in systems:
                o = drain.run(system, counts[system.name])
                print(o, flush=True)
                outcomes.append(o)
        print(table.text(drain.rows(outcomes)))
        return 0
    for system in chosen(a.systems.split(",")):
        outcome = crash.run(system, crash.Plan(seed=a.seed))
        print(outcome, flush=True)
        outcomes.append(outcome)
    print(table.text(crash.rows(outcomes)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
