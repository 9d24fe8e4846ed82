"""HTTP services that do the same: take `POST /api/tasks/submit` and put the task in a queue."""

import shutil
import sys
from dataclasses import dataclass
from typing import Protocol

from benchmarks import environments
from benchmarks.processes import Command
from benchmarks.systems.duckline import REPOSITORY, Duckline
from benchmarks.systems.system import Place
from huey_tasks.broker import keys

#: Web processes of each service.
PROCESSES = 2


class Service(Protocol):
    """A web service in front of a queue."""

    @property
    def name(self) -> str:
        """How the command line calls it."""
        ...

    @property
    def title(self) -> str:
        """How tables call it."""
        ...

    def install(self) -> None:
        """Install it where that has not been done."""
        ...

    def command(self, place: Place, port: int) -> Command:
        """What serves on that port of the loopback interface."""
        ...

    def stored(self, place: Place) -> int:
        """How many tasks wait in Redis."""
        ...


@dataclass(frozen=True)
class DucklineWeb:
    """Duckline's own web service."""

    name: str = "duckline"
    title: str = "Duckline"
    application: str = "app:app"

    def install(self) -> None:
        """Nothing: it runs from this repository."""

    def command(self, place: Place, port: int) -> Command:
        settings = {"PORT": str(port), "WEB_CONCURRENCY": str(PROCESSES)}
        environment = Duckline().environment(place, **settings)
        argv = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", self.application]
        return Command(argv, environment, REPOSITORY)

    def stored(self, place: Place) -> int:
        return place.redis.client().zcard(keys.index("high", "PENDING"))


@dataclass(frozen=True)
class BareFlask(DucklineWeb):
    """What gunicorn, Flask and our submit script cost alone: nothing is checked."""

    name: str = "bare-flask"
    title: str = "bare Flask handler"
    application: str = "bare_flask:app"


@dataclass(frozen=True)
class FastApiCelery:
    """FastAPI with Celery behind it, uvicorn with uvloop and httptools."""

    name: str = "fastapi-celery"
    title: str = "FastAPI + Celery"
    packages = (
        "fastapi==0.165.0",
        "uvicorn[standard]==0.54.0",
        "celery[redis]==5.7.0",
        "pydantic[email]==2.14.3",
    )

    def install(self) -> None:
        environments.install_python("fastapi", self.packages)

    def command(self, place: Place, port: int) -> Command:
        argv = [environments.program("fastapi", "uvicorn"), "fastapi_app:app"]
        argv += ["--port", str(port), "--workers", str(PROCESSES), "--no-access-log"]
        return Command([*argv, "--log-level", "warning"], place.environment())

    def stored(self, place: Place) -> int:
        return place.redis.client().llen("high")


def wrk() -> str:
    """The load generator. Raises RuntimeError where it is missing."""
    found = shutil.which("wrk")
    if found is None:
        raise RuntimeError("wrk is not here; on Debian and Ubuntu: apt-get install wrk")
    return found
