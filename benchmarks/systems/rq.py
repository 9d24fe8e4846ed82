"""RQ with a worker pool, JSON serialiser, results kept."""

from dataclasses import dataclass

from benchmarks import environments
from benchmarks.processes import Command
from benchmarks.systems.system import Place, Profile


@dataclass(frozen=True)
class Rq:
    """RQ; `retries` is what it needs to run an abandoned job again instead of failing it."""

    name: str = "rq"
    title: str = "RQ"
    retries: int = 0
    packages = ("rq==3.0.0", "redis==8.1.0")

    def settings(self, profile: Profile) -> str:
        parts = ["worker pool", self._worker_class(profile)]
        parts += [f"Retry(max={self.retries})"] if self.retries else []
        return ", ".join(parts)

    def _worker_class(self, profile: Profile) -> str:
        # docs/benchmark.md of RQ: SimpleWorker for jobs of single-digit milliseconds (six times
        # as fast, since it forks nothing), Worker for everything else in production.
        return "rq.SimpleWorker" if profile is Profile.SHORT else "rq.Worker"

    def install(self) -> None:
        environments.install_python("rq", self.packages)

    def workers(self, place: Place, processes: int, profile: Profile) -> list[Command]:
        argv = [environments.program("rq", "rq"), "worker-pool", "default", "--quiet"]
        argv += ["-n", str(processes), "-w", self._worker_class(profile)]
        argv += ["-S", "json", "-u", place.redis.url()]
        return [Command(argv, place.environment())]

    def driver(self, place: Place) -> Command:
        environment = place.environment(RQ_RETRIES=str(self.retries))
        return Command([environments.python("rq"), "-m", "rq_app"], environment)

    def finished(self, place: Place, submitted: int) -> int:
        return place.redis.client().zcard("rq:finished:default")

    def held(self, place: Place) -> int:
        client = place.redis.client()
        return client.llen("rq:queue:default") + client.zcard("rq:wip:default")
