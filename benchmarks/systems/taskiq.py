"""Taskiq on Redis streams with its Redis result backend."""

from dataclasses import dataclass

from benchmarks import environments
from benchmarks.processes import Command
from benchmarks.systems.system import Place, Profile


@dataclass(frozen=True)
class Taskiq:
    """Taskiq with uvloop, which its guide names as the way to make it faster."""

    name: str = "taskiq"
    title: str = "Taskiq"
    packages = ("taskiq==0.13.0", "taskiq-redis==1.2.4", "uvloop==0.23.0")

    def settings(self, profile: Profile) -> str:
        return "RedisStreamBroker, coroutines, uvloop"

    def install(self) -> None:
        environments.install_python("taskiq", self.packages)

    def workers(self, place: Place, processes: int, profile: Profile) -> list[Command]:
        argv = [environments.program("taskiq", "taskiq"), "worker", "taskiq_app:broker"]
        # One coroutine a process where tasks are long, as for the other systems; 100 by default.
        at_once = ["--max-async-tasks", "1"] if profile is Profile.LONG else []
        argv += ["--workers", str(processes), "--log-level", "WARNING", *at_once]
        return [Command(argv, place.environment())]

    def driver(self, place: Place) -> Command:
        return Command([environments.python("taskiq"), "-m", "taskiq_app"], place.environment())

    def finished(self, place: Place, submitted: int) -> int:
        return place.redis.client(1).dbsize()  # one key a result, and nothing else is there

    def held(self, place: Place) -> int:
        groups = place.redis.client().xinfo_groups("taskiq")
        return sum(group["pending"] + (group["lag"] or 0) for group in groups)
