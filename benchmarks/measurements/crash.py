"""What survives `kill -9`: 300 tasks of 150 ms, the whole worker group killed five times.

Each time the group is started again at once, as a process manager would. A kill falls at a seeded
moment after the group was seen at work again, so that it hits work whatever a system's start takes.
"""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from benchmarks import ledger
from benchmarks.measurements.measurement import Bar, Measurement, Options, Plot
from benchmarks.run import Run, a_run, wait
from benchmarks.systems import SYSTEMS, chosen
from benchmarks.systems.system import Profile, System

PROCESSES = 4

#: Seconds between seeing the group at work and killing it: from, to.
AT_WORK_S = (0.3, 1.3)

#: Seconds in which a group must have begun a task after its start; then it is killed all the same.
START_S = 20.0


@dataclass(frozen=True)
class Plan:
    """How hard a run is."""

    tasks: int = 300
    kills: int = 5
    recover_s: float = 75.0
    seed: int = 1

    def moments(self) -> list[float]:
        """The seconds at work before each kill; the same seed gives the same."""
        chance = random.Random(self.seed)
        return [chance.uniform(*AT_WORK_S) for _ in range(self.kills)]


@dataclass(frozen=True)
class Outcome:
    """What happened to the tasks in one run. Times are seconds after the last kill."""

    system: str
    settings: str
    seed: int
    accepted: int
    done: int
    lost: int  # not done when the time to recover was over
    held: int  # of these, still known to the broker, to be run some time later
    repeated: int
    results: int  # outcomes that the system has stored as successes
    all_done_s: float | None
    all_stored_s: float | None  # every outcome is stored as well


def measure(names: Sequence[str], options: Options) -> Iterator[Outcome]:
    """Run each system once for each seed, beginning with the one that the options name."""
    plan = Plan(tasks=120, kills=2, recover_s=20.0) if options.quick else Plan()
    for seed in range(options.seed, options.seed + (options.repeats or 1)):
        for system in chosen(names):
            yield run(system, replace(plan, seed=seed))


def run(system: System, plan: Plan) -> Outcome:
    """Run one system once."""
    with a_run(system, PROCESSES, Profile.LONG) as running:
        running.workers.start()
        accepted = len(running.driver.fill("nap", plan.tasks))
        _kill_at(plan.moments(), running)
        last_at = time.time()

        def all_stored() -> bool:
            account = ledger.account(range(accepted), ledger.read(running.place.ledger))
            return account.lost == 0 and running.finished(accepted) >= accepted

        stored_at = time.time() if wait(all_stored, plan.recover_s) else None
        results, held = running.finished(accepted), system.held(running.place)
        account = ledger.account(range(accepted), ledger.read(running.place.ledger))
    return Outcome(
        system=system.name,
        settings=system.settings(Profile.LONG),
        seed=plan.seed,
        accepted=account.accepted,
        done=account.done,
        lost=account.lost,
        held=min(held, account.lost),
        repeated=account.repeated,
        results=results,
        all_done_s=_after(account.all_done_at, last_at),
        all_stored_s=_after(stored_at, last_at),
    )


def _after(at: float | None, since: float) -> float | None:
    return None if at is None else round(max(at - since, 0.0), 2)


def _kill_at(moments: list[float], running: Run) -> None:
    """Kill and restart the workers at each of the moments."""
    seen = 0
    for moment_s in moments:
        wait(lambda seen=seen: len(ledger.read(running.place.ledger)) > seen, START_S)
        time.sleep(moment_s)
        running.workers.kill()
        seen = len(ledger.read(running.place.ledger))
        running.workers.start()


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """One row for each run."""
    table = [
        ["system", "accepted", "done", "lost", "held", "repeated", "results", "all done after"],
    ]
    for outcome in outcomes:
        after = "never" if outcome.all_done_s is None else f"{outcome.all_done_s:.1f} s"
        numbers = [outcome.accepted, outcome.done, outcome.lost, outcome.held, outcome.repeated]
        title = SYSTEMS[outcome.system].title
        table.append([title, *map(str, numbers), str(outcome.results), after])
    return table


def plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """How many tasks each system had not done."""
    lost: dict[str, list[float]] = {}
    for outcome in outcomes:
        lost.setdefault(SYSTEMS[outcome.system].title, []).append(outcome.lost)
    bars = [Bar(name, sum(n) / len(n), min(n), max(n)) for name, n in lost.items()]
    return [Plot("Not done after five kill -9 and 75 s", "of 300 tasks", bars)]


MEASUREMENT = Measurement(
    name="crash",
    title="kill -9",
    explanation=(
        "300 tasks of 150 ms on 4 worker processes; five times, at seeded moments while work goes "
        "on, the whole worker group (supervisor and workers) gets `kill -9` and is started again "
        "at once; then there are 75 s to recover. What was done is read from a file that the tasks "
        "append to, outside Redis. *Lost*: not done in that time; *held*: those of them that the "
        "broker still has and would run some time later (Celery after its visibility "
        "time-out of an hour). *Repeated*: executions beyond the first. *Results*: outcomes that "
        "the system has stored. The time counts from the last kill."
    ),
    systems=("duckline", "huey", "celery", "celery-late", "dramatiq", "rq", "rq-retry", "bullmq"),
    outcome=Outcome,
    measure=measure,
    rows=rows,
    plots=plots,
)
