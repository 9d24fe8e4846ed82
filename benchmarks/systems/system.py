"""What a measurement asks of a system, whichever it is.

Owns the shape only; each module beside this one is one system, with its settings and the reason
for each of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from benchmarks.private_redis import PrivateRedis
from benchmarks.processes import Command

APPS = Path(__file__).parent.parent / "apps"


class Profile(StrEnum):
    """What the workers are set up for, where a peer's guide gives different advice."""

    SHORT = "short"  # many tasks that take no time: throughput and latency
    LONG = "long"  # tasks that keep a worker busy: one at a time for each process


@dataclass(frozen=True)
class Place:
    """Where a run happens: its Redis, its folder, its effects ledger."""

    redis: PrivateRedis
    folder: Path

    @property
    def ledger(self) -> Path:
        """The file that `nap` tasks write to."""
        return self.folder / "ledger.txt"

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of every process of a system in this place."""
        return {
            "BROKER_URL": self.redis.url(0),
            "RESULT_URL": self.redis.url(1),
            "REDIS_PORT": str(self.redis.port),
            "BENCH_LEDGER": str(self.ledger),
            "PYTHONPATH": str(APPS),
            "PYTHONUNBUFFERED": "1",
            **more,
        }


class System(Protocol):
    """One task queue with its settings."""

    @property
    def name(self) -> str:
        """How the command line calls it."""
        ...

    @property
    def title(self) -> str:
        """How tables call it."""
        ...

    @property
    def packages(self) -> Sequence[str]:
        """What is installed for it, with versions."""
        ...

    def settings(self, profile: Profile) -> str:
        """What of its settings is not the default, for the report."""
        ...

    def install(self) -> None:
        """Install it where that has not been done."""
        ...

    def workers(self, place: Place, processes: int, profile: Profile) -> list[Command]:
        """The commands that make a worker group with this number of processes."""
        ...

    def driver(self, place: Place) -> Command:
        """The command that submits and reads results."""
        ...

    def finished(self, place: Place, submitted: int) -> int:
        """How many of the submitted tasks have succeeded with their result stored.

        It is asked often, so it must cost next to nothing.
        """
        ...

    def held(self, place: Place) -> int:
        """How many tasks the broker still has: waiting, or claimed and not acknowledged."""
        ...
