"""Dramatiq on its Redis broker, results in its Redis backend."""

from dataclasses import dataclass

from benchmarks import environments
from benchmarks.processes import Command
from benchmarks.systems.system import Place, Profile


@dataclass(frozen=True)
class Dramatiq:
    """Dramatiq with its default middleware and Results."""

    name: str = "dramatiq"
    title: str = "Dramatiq"
    packages = ("dramatiq[redis]==2.2.1",)

    def settings(self, profile: Profile) -> str:
        return f"{self._threads(profile)} threads a process, Results with store_results"

    def _threads(self, profile: Profile) -> int:
        # 8 is its default. With long tasks that would be eight tasks a process where the others
        # run one; the guide lowers --threads when tasks must not share a process.
        return 8 if profile is Profile.SHORT else 1

    def install(self) -> None:
        environments.install_python("dramatiq", self.packages)

    def workers(self, place: Place, processes: int, profile: Profile) -> list[Command]:
        argv = [environments.program("dramatiq", "dramatiq"), "dramatiq_app"]
        argv += ["--processes", str(processes), "--threads", str(self._threads(profile))]
        return [Command(argv, place.environment())]

    def driver(self, place: Place) -> Command:
        return Command([environments.python("dramatiq"), "-m", "dramatiq_app"], place.environment())

    def finished(self, place: Place, submitted: int) -> int:
        return place.redis.client(1).dbsize()  # one key a result, and nothing else is there

    def held(self, place: Place) -> int:
        return place.redis.client().hlen("dramatiq:default.msgs")  # waiting and unacknowledged
