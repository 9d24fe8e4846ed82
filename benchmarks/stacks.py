"""Whole stacks of the same size: one API, worker groups of 4, 2 and 2 processes, an inspector.

Duckline's is `make run` with its defaults, on an external Redis, whose cost is thus separate.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import environments
from benchmarks.private_redis import free_port
from benchmarks.processes import Command
from benchmarks.services import SERVICES
from benchmarks.systems.duckline import REPOSITORY, Duckline
from benchmarks.systems.system import Place

#: Worker processes by queue, which are Duckline's defaults.
GROUPS = {"high": 4, "default": 2, "low": 2}

#: Celery with what stands beside it: its inspector, and gevent for its greenlet pool.
CELERY = "celery-stack"
PACKAGES = ("celery[redis]==5.7.0", "flower==2.2.0", "gevent==26.9.0")


def install_celery() -> None:
    """Install Celery, Flower and gevent into an environment of their own."""
    environments.install_python(CELERY, PACKAGES)


@dataclass(frozen=True)
class Stack:
    """How a stack is started; `ports` of the loopback interface answer HTTP when it is up."""

    title: str
    install: Callable[[], None]
    commands: Callable[[Place, list[int]], list[Command]]
    #: Processes without which it is not up: that many and its two ports.
    processes: int


def _duckline(place: Place, ports: list[int]) -> list[Command]:
    # gunicorn itself reads WEB_CONCURRENCY, and takes an empty one for a mistake.
    settings = {"PORT": str(ports[0]), "INSPECTOR_PORT": str(ports[1]), "WEB_CONCURRENCY": "1"}
    environment = Duckline().environment(place, TASKS_PATH="", **settings)
    return [Command([sys.executable, "app.py", "up"], environment, REPOSITORY)]


def _celery(place: Place, ports: list[int]) -> list[Command]:
    environment = place.environment()
    celery = [environments.program(CELERY, "celery"), "-A", "celery_app"]
    worker = [*celery, "worker", "--loglevel", "WARNING", "--pool", "prefork"]
    api = [environments.program("fastapi", "uvicorn"), "fastapi_app:app", "--port", str(ports[0])]
    flower = [*celery, "flower", "--address=127.0.0.1", f"--port={ports[1]}"]
    return [
        Command([*api, "--no-access-log", "--log-level", "warning"], environment),
        *(
            Command([*worker, "-c", str(size), "-Q", queue, "-n", f"{queue}@%h"], environment)
            for queue, size in GROUPS.items()
        ),
        Command(flower, environment),
    ]


def _install_both() -> None:
    install_celery()
    SERVICES["fastapi-celery"].install()


STACKS = {
    # A supervisor, three consumers with their workers, and gunicorn with its web process.
    "duckline": Stack("Duckline", lambda: None, _duckline, 1 + 3 + 8 + 2),
    # A parent of each worker group with its children, the API, Flower.
    "celery": Stack("Celery, FastAPI, Flower", _install_both, _celery, 3 + 8 + 2),
}


def two_ports() -> list[int]:
    """Two free ports."""
    return [free_port(), free_port()]
