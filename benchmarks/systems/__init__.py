"""Every system that can be measured, by the name that the command line gives it."""

from collections.abc import Iterable

from benchmarks.systems.arq import Arq
from benchmarks.systems.bullmq import BullMq
from benchmarks.systems.celery import Celery
from benchmarks.systems.dramatiq import Dramatiq
from benchmarks.systems.duckline import Duckline
from benchmarks.systems.huey import Huey
from benchmarks.systems.rq import Rq
from benchmarks.systems.system import System
from benchmarks.systems.taskiq import Taskiq

_ALL: tuple[System, ...] = (
    Duckline(),
    Duckline("duckline-2", "Duckline, two consumers", consumers=2),
    Huey(),
    Celery(),
    Celery("celery-late", "Celery, acks_late", late=True),
    Celery("celery-2", "Celery, two nodes", nodes=2),
    Dramatiq(),
    Rq(),
    Rq("rq-retry", "RQ, Retry(max=5)", retries=5),
    BullMq(),
    Taskiq(),
    Arq(),
)

SYSTEMS: dict[str, System] = {system.name: system for system in _ALL}


def chosen(names: Iterable[str]) -> list[System]:
    """The systems of these names, in that order. Raises ValueError for an unknown one."""
    names = list(names)
    if unknown := [name for name in names if name not in SYSTEMS]:
        raise ValueError(f"no system is called {unknown[0]!r}; there are {', '.join(SYSTEMS)}")
    return [SYSTEMS[name] for name in names]
