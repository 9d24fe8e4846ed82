"""Plain Huey: its own consumer and Redis storage, nothing of ours."""

from dataclasses import dataclass

from benchmarks import environments
from benchmarks.processes import Command
from benchmarks.systems.system import Place, Profile


@dataclass(frozen=True)
class Huey:
    """Plain Huey with process workers."""

    name: str = "huey"
    title: str = "Huey"
    packages = ("huey==3.5.4", "redis==8.1.0")

    def settings(self, profile: Profile) -> str:
        return "process workers"

    def install(self) -> None:
        environments.install_python("huey", self.packages)

    def workers(self, place: Place, processes: int, profile: Profile) -> list[Command]:
        # -q: its guide says nothing on it, but a line of log for each task is not what we measure.
        argv = [environments.program("huey", "huey_consumer"), "huey_app.huey", "-q"]
        return [Command([*argv, "-k", "process", "-w", str(processes)], place.environment())]

    def driver(self, place: Place) -> Command:
        return Command([environments.python("huey"), "-m", "huey_app"], place.environment())

    def finished(self, place: Place, submitted: int) -> int:
        return place.redis.client().hlen("huey.results.bench")

    def held(self, place: Place) -> int:
        return place.redis.client().llen("huey.redis.bench")
