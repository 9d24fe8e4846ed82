"""One run of one system: a private Redis, its workers, its driver, all gone at the end."""

import contextlib
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.driver import Driver
from benchmarks.private_redis import PrivateRedis
from benchmarks.processes import ProcessGroup
from benchmarks.systems.system import Place, Profile, System

#: Seconds between two looks at how far a system is; a look is one command of O(1).
LOOK_S = 0.01


@dataclass(frozen=True)
class Run:
    """A system in its place; the measurement starts the workers."""

    system: System
    place: Place
    workers: ProcessGroup
    driver: Driver

    def finished(self, submitted: int) -> int:
        """How many of the tasks submitted have their results stored."""
        return self.system.finished(self.place, submitted)

    def wait_until_finished(self, submitted: int, timeout_s: float) -> None:
        """Wait for all results. Raises RuntimeError with the workers' log when they do not come."""
        if not wait(lambda: self.finished(submitted) >= submitted, timeout_s):
            self.workers.require_alive()
            raise RuntimeError(
                f"{self.system.name} has finished {self.finished(submitted)} of {submitted}:\n"
                + self.workers.log.read_text()[-3000:]
            )


@contextlib.contextmanager
def a_run(system: System, processes: int, profile: Profile) -> Generator[Run]:
    """Prepare a run: Redis and driver are there, the workers not yet."""
    system.install()
    with (
        tempfile.TemporaryDirectory(prefix=f"bench-{system.name}-") as name,
        PrivateRedis(Path(name)) as redis,
    ):
        place = Place(redis, Path(name))
        commands = system.workers(place, processes, profile)
        workers = ProcessGroup(commands, place.folder / "workers.log")
        with Driver(system.driver(place), place.folder / "driver.log") as driver:
            try:
                yield Run(system, place, workers, driver)
            finally:
                workers.stop()


def wait(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Wait until the condition holds; returns whether it did in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_S)
    return True
