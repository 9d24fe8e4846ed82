"""BullMQ on Node with ioredis, one Node process for each worker process."""

import shutil
from dataclasses import dataclass

from benchmarks import environments
from benchmarks.processes import Command
from benchmarks.systems.system import APPS, Place, Profile


@dataclass(frozen=True)
class BullMq:
    """BullMQ with its defaults, completed jobs kept."""

    name: str = "bullmq"
    title: str = "BullMQ"
    # ioredis 5.11.1 is what this version of BullMQ is itself tested with.
    packages = ("bullmq@6.7.0", "ioredis@5.11.1")

    def settings(self, profile: Profile) -> str:
        return f"concurrency {self._concurrency(profile)} a process"

    def _concurrency(self, profile: Profile) -> int:
        # "Concurrency" of its guide: 100 to 300 where jobs are asynchronous; 1 by default.
        return 100 if profile is Profile.SHORT else 1

    def install(self) -> None:
        environments.install_node("bullmq", self.packages)

    def _command(self, place: Place, role: str, concurrency: int) -> Command:
        node = shutil.which("node") or "node"
        environment = place.environment(
            BULLMQ_HOME=str(environments.FOLDER / "bullmq" / "package.json"),
            BULLMQ_CONCURRENCY=str(concurrency),
            NODE_ENV="production",
        )
        return Command([node, str(APPS / "bullmq_app.mjs"), role], environment)

    def workers(self, place: Place, processes: int, profile: Profile) -> list[Command]:
        return [self._command(place, "worker", self._concurrency(profile))] * processes

    def driver(self, place: Place) -> Command:
        return self._command(place, "driver", 1)

    def finished(self, place: Place, submitted: int) -> int:
        return place.redis.client().zcard("bull:bench:completed")

    def held(self, place: Place) -> int:
        client = place.redis.client()
        return client.llen("bull:bench:wait") + client.llen("bull:bench:active")
