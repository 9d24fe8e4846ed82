"""What survives `kill -9`: 300 tasks of 150 ms, the whole worker group killed five times.

Each time the group is started again at once, as a process manager would. A kill falls at a seeded
moment after the group was seen at work again, so that it hits work whatever a system's start takes.
"""

import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import ledger
from benchmarks.driver import Driver
from benchmarks.private_redis import PrivateRedis
from benchmarks.processes import ProcessGroup
from benchmarks.systems.system import Place, Profile, System

NAME = "crash"

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
    """What became of the tasks in one run."""

    system: str
    settings: str
    seed: int
    accepted: int
    done: int
    lost: int
    repeated: int
    results: int  # outcomes that the system has stored as successes
    all_done_s: float | None  # after the last kill
    all_known_s: float | None  # until every outcome is stored as well
    killed_processes: int


def run(system: System, plan: Plan) -> Outcome:
    """Run one system once."""
    with tempfile.TemporaryDirectory(prefix="bench-crash-") as name, PrivateRedis(
        Path(name)
    ) as redis:
        place = Place(redis, Path(name))
        group = ProcessGroup(
            system.workers(place, PROCESSES, Profile.LONG), place.folder / "workers.log"
        )
        with Driver(system.driver(place), place.folder / "driver.log") as driver:
            group.start()
            try:
                accepted = len(driver.fill("nap", plan.tasks))
                killed = _kill_at(plan.moments(), group, place)
                last_at = time.time()
                known_at = _wait_for_all(system, place, accepted, last_at + plan.recover_s)
                results = system.finished(place)
            finally:
                group.stop()
        account = ledger.account(range(accepted), ledger.read(place.ledger))
    return Outcome(
        system=system.name,
        settings=system.settings(Profile.LONG),
        seed=plan.seed,
        accepted=account.accepted,
        done=account.done,
        lost=account.lost,
        repeated=account.repeated,
        results=results,
        all_done_s=account.all_done_at and round(account.all_done_at - last_at, 2),
        all_known_s=known_at and round(known_at - last_at, 2),
        killed_processes=killed,
    )


def _kill_at(moments: list[float], group: ProcessGroup, place: Place) -> int:
    """Kill and restart the group at each of the moments; returns how many processes were hit."""
    killed = seen = 0
    for moment_s in moments:
        _wait(lambda seen=seen: len(ledger.read(place.ledger)) > seen, time.time() + START_S)
        time.sleep(moment_s)
        killed += group.kill()
        seen = len(ledger.read(place.ledger))
        group.start()
    return killed


def _wait_for_all(system: System, place: Place, accepted: int, until: float) -> float | None:
    """Wait until every task is done and its outcome stored; returns when, None if it never was."""

    def all_known() -> bool:
        account = ledger.account(range(accepted), ledger.read(place.ledger))
        return account.lost == 0 and system.finished(place) >= accepted

    return time.time() if _wait(all_known, until) else None


def _wait(condition: Callable[[], bool], until: float) -> bool:
    while not condition():
        if time.time() > until:
            return False
        time.sleep(0.05)
    return True


def rows(outcomes: list[Outcome]) -> list[list[str]]:
    """The table, headings first."""
    table = [
        ["system", "accepted", "done", "lost", "repeated", "results kept", "all done after"],
    ]
    for outcome in outcomes:
        after = "never" if outcome.all_done_s is None else f"{max(outcome.all_done_s, 0):.1f} s"
        numbers = [outcome.accepted, outcome.done, outcome.lost, outcome.repeated, outcome.results]
        table.append([outcome.system, *map(str, numbers), after])
    return table


def as_json(outcome: Outcome) -> dict[str, object]:
    """The outcome as it is kept."""
    return asdict(outcome)
