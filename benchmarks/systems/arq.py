"""arq, one process for each worker process."""

from dataclasses import dataclass

from benchmarks import environments
from benchmarks.processes import Command
from benchmarks.systems.system import Place, Profile


@dataclass(frozen=True)
class Arq:
    """arq with a short poll delay; the default is half a second."""

    name: str = "arq"
    title: str = "arq"
    packages = ("arq==0.28.0",)

    def settings(self, profile: Profile) -> str:
        return f"max_jobs {self._at_once(profile)}, poll_delay 0.01 s"

    def _at_once(self, profile: Profile) -> int:
        return 10 if profile is Profile.SHORT else 1  # its default; 100 was slower here

    def install(self) -> None:
        environments.install_python("arq", self.packages)

    def workers(self, place: Place, processes: int, profile: Profile) -> list[Command]:
        argv = [environments.program("arq", "arq"), "arq_app.WorkerSettings"]
        environment = place.environment(
            ARQ_MAX_JOBS=str(self._at_once(profile)), ARQ_POLL_DELAY_S="0.01"
        )
        return [Command(argv, environment)] * processes

    def driver(self, place: Place) -> Command:
        return Command([environments.python("arq"), "-m", "arq_app"], place.environment())

    def finished(self, place: Place, submitted: int) -> int:
        # A job leaves the queue in the transaction that stores its result.
        return submitted - place.redis.client().zcard("arq:queue")

    def held(self, place: Place) -> int:
        return place.redis.client().zcard("arq:queue")
