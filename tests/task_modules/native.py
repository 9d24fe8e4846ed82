"""Task types of Huey's own decorator, and hooks of Huey that do to a worker what no body does."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from huey_tasks import default
from huey_tasks.huey_adapter.task_class import QueueTask

#: What a consumer's hooks do, and to which type: "<where> <what>".
WHERE, _, WHAT = os.environ.get("NATIVE_HOOK", "").partition(" ")


def mark(file: str) -> None:
    """Add a line to a file."""
    with Path(file).open("a") as ledger:
        ledger.write(f"{os.getpid()}\n")


def _strike(file: str) -> None:
    mark(file)
    if WHAT == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    while True:
        time.sleep(0.1)


class DiesAtReading(QueueTask):
    """A task whose message kills the process that reads it."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        if WHERE == "reading":
            _strike(str(self.data[0][0]))


class DiesWithItsText:
    """Kills the process that encodes it, as the system does when there is no memory left."""

    def __init__(self, file: str) -> None:
        self._file = file

    def __repr__(self) -> str:
        mark(self._file)
        os.kill(os.getpid(), signal.SIGKILL)
        return ""


@default.task()
def native_hooked(file: str) -> None:
    """The hooks below strike this type."""


@default.task(task_base=DiesAtReading)
def native_read(file: str) -> None:
    """See its class."""


@default.task()
def native_text(file: str) -> Any:
    return DiesWithItsText(file)


def _without_end(file: str) -> Iterator[int]:
    while True:
        mark(file)
        yield 1
        time.sleep(0.05)


@default.task()
def native_endless(file: str) -> Iterator[int]:
    return _without_end(file)


@default.task(timeout=0.5)
def native_limited(file: str) -> dict[str, Iterator[int]]:
    return {"rows": _without_end(file)}


@default.task(retries=1)
def native_late(file: str) -> Iterator[int]:
    """Its first run fails after its body."""
    mark(file)
    yield len(Path(file).read_text().splitlines())
    if len(Path(file).read_text().splitlines()) == 1:
        raise KeyError("late")


@default.task()
def native_add(a: list[int], b: int) -> list[int]:
    return [*a, b]


@default.task()
def native_list(*numbers: int) -> list[int]:
    return list(numbers)


@default.task()
def native_large(number: int) -> str:
    return number * "x"


def _hook(task: Any, *_: Any) -> None:
    if task.name == "native_hooked":
        _strike(task.args[0])


if WHERE == "before":
    default.pre_execute()(_hook)
if WHERE == "after":
    default.post_execute()(_hook)
