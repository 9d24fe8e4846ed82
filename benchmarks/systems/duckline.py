"""Duckline, started as its users start it: `python app.py consumer default`."""

import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import Command
from benchmarks.systems.system import APPS, Place, Profile
from huey_tasks.broker import keys
from huey_tasks.config import Config
from huey_tasks.records.models import TaskState

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Duckline:
    """Duckline with its defaults; `consumers` splits the workers over several consumers."""

    name: str = "duckline"
    title: str = "Duckline"
    consumers: int = 1
    packages = ("this repository",)

    def settings(self, profile: Profile) -> str:
        return f"{self.consumers} consumers" if self.consumers > 1 else "defaults"

    def install(self) -> None:
        """Nothing: it runs from this repository, in the environment that we run in."""

    def environment(self, place: Place, **more: str) -> dict[str, str]:
        """The settings of a Duckline process: all others are unset, so they are the defaults."""
        unset = dict.fromkeys(Config.setting_names(), "")
        return {
            **unset,
            **place.environment(),
            "REDIS_URL": place.redis.url(0),
            "TASKS_PATH": str(APPS / "duckline_tasks"),
            "PYTHONPATH": f"{REPOSITORY}:{APPS}",
            **more,
        }

    def workers(self, place: Place, processes: int, profile: Profile) -> list[Command]:
        environment = self.environment(place, DEFAULT_CONCURRENCY=str(processes // self.consumers))
        argv = [sys.executable, "app.py", "consumer", "default"]
        return [Command(argv, environment, REPOSITORY)] * self.consumers

    def driver(self, place: Place) -> Command:
        return Command([sys.executable, "-m", "duckline_app"], self.environment(place), REPOSITORY)

    def finished(self, place: Place, submitted: int) -> int:
        with place.redis.client().pipeline() as pipe:  # the counters lack the current minute
            pipe.hget(keys.counters("default"), "SUCCESS").hgetall(keys.noted("default"))
            folded, noted = pipe.execute()
        present = [int(number) for name, number in noted.items() if name.endswith("|SUCCESS")]
        return int(folded or 0) + sum(present)

    def held(self, place: Place) -> int:
        client = place.redis.client()
        live = (state for state in TaskState if not state.terminal)
        return sum(client.zcard(keys.index("default", state)) for state in live)
