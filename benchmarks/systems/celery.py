"""Celery on Redis, prefork pool, results in the Redis backend."""

from dataclasses import dataclass

from benchmarks import environments
from benchmarks.processes import Command
from benchmarks.systems.system import Place, Profile


@dataclass(frozen=True)
class Celery:
    """Celery as its guides set it up; `nodes` splits the processes over several workers."""

    name: str = "celery"
    title: str = "Celery"
    #: acks_late and reject_on_worker_lost: what its guide offers against lost workers.
    late: bool = False
    #: None: the guide's advice for the profile.
    prefetch: int | None = None
    #: Separate worker nodes, as on separate machines or containers; each prefetches for itself.
    nodes: int = 1
    packages = ("celery[redis]==5.7.0",)

    def settings(self, profile: Profile) -> str:
        parts = [f"prefork, prefetch multiplier {self._prefetch(profile)}"]
        parts += ["acks_late, reject_on_worker_lost"] if self.late else []
        parts += [f"{self.nodes} worker nodes"] if self.nodes > 1 else []
        return ", ".join(parts)

    def _prefetch(self, profile: Profile) -> int:
        # "Prefetch Limits" of the optimizing guide: 64 or 128 for many short tasks; 4 by default.
        return self.prefetch or (128 if profile is Profile.SHORT else 4)

    def install(self) -> None:
        environments.install_python("celery", self.packages)

    def _environment(self, place: Place, profile: Profile) -> dict[str, str]:
        return place.environment(
            CELERY_PREFETCH=str(self._prefetch(profile)), CELERY_ACKS_LATE=str(int(self.late))
        )

    def workers(self, place: Place, processes: int, profile: Profile) -> list[Command]:
        celery = environments.program("celery", "celery")
        argv = [celery, "-A", "celery_app", "worker", "--loglevel", "WARNING", "--pool", "prefork"]
        argv += ["--concurrency", str(processes // self.nodes)]
        return [
            Command([*argv, "-n", f"node{node}@%h"], self._environment(place, profile))
            for node in range(self.nodes)
        ]

    def driver(self, place: Place) -> Command:
        argv = [environments.python("celery"), "-m", "celery_app"]
        return Command(argv, self._environment(place, Profile.SHORT))

    def finished(self, place: Place, submitted: int) -> int:
        return place.redis.client(1).dbsize()  # one key a result, and nothing else is there

    def held(self, place: Place) -> int:
        client = place.redis.client()
        return client.llen("celery") + client.hlen("unacked")
