"""Slow commands: what SLOWLOG of Redis holds after ordinary work beside many finished tasks.

Redis does one thing at a time, so a command of 5 ms keeps every other waiting for as long. A real
consumer and a real web process do the work; each kind of it has the log to itself.
"""

import contextlib
import hashlib
import itertools
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.driver import Driver
from benchmarks.measurements.measurement import Measurement, Options, Plot
from benchmarks.measurements.submit import START_S, answers
from benchmarks.private_redis import PrivateRedis, free_port
from benchmarks.processes import Command, ProcessGroup
from benchmarks.run import Run, wait
from benchmarks.services.service import DucklineWeb
from benchmarks.systems import SYSTEMS
from benchmarks.systems.duckline import REPOSITORY, Duckline
from benchmarks.systems.system import Place, Profile
from huey_tasks.broker.script_text import LUA, script_text
from huey_tasks.records.models import TaskState

FINISHED, FINISHED_QUICK = 1_000_000, 100_000

#: Milliseconds above which a command of Redis is slow.
SLOW_MS = 5

#: Tasks that are submitted in bulk and one by one, worker processes, and how often a page is read.
BULK, SINGLE, PROCESSES, READS = 5000, 200, 2, 10

#: Seconds in which the consumer and the web process have nothing to do but what they do by
#: themselves, and in which the work must be done.
IDLE_S, TIMEOUT_S = 15.0, 300.0

#: What the pages of the operators' interface read, beside the lists.
SUMMARIES = (
    *("/api/workers/stats", "/api/workers", "/api/queues", "/api/history"),
    *("/api/failures", "/api/verdict", "/api/redis", "/api/log", "/api/audit"),
    *("/api/schedules", "/api/flows", "/api/functions", "/api/webhooks", "/metrics"),
)

SEARCHES = (
    "type:noop",
    "state:success type:noop age:<1h",
    "payload.n:42",
    "payload.n:42 age:<1h",
    "type:nowhere",
    "state:failure",
    "error:nowhere",
    "worker:nowhere",
    "dur:>2s",
)


@dataclass(frozen=True)
class Outcome:
    """One kind of work."""

    work: str
    finished: int  # tasks beside which it was done
    commands: int  # that Redis ran meanwhile
    slow: int  # of them, in SLOWLOG
    waited_ms: float  # in which Redis could have run and had no core
    slowest: Sequence[str]  # of the slow ones: milliseconds, script or command, arguments


def measure(names: Sequence[str], options: Options) -> Iterator[Outcome]:
    """Let many tasks be finished, and do each kind of work beside them."""
    finished = options.tasks or (FINISHED_QUICK if options.quick else FINISHED)
    with (
        tempfile.TemporaryDirectory(prefix="bench-slowlog-") as folder,
        PrivateRedis(Path(folder)) as redis,
    ):
        place = Place(redis, Path(folder))
        fill(place, finished)
        with _stack(place) as (running, port):
            for work, do in _works(running, port, finished).items():
                yield _watched(redis, work, finished, do)


def filler(place: Place) -> Command:
    """The driver that fills a queue with what our own scripts write, and times verbs."""
    argv = [sys.executable, "-m", "duckline_growth"]
    return Command(argv, Duckline().environment(place), REPOSITORY)


def fill(place: Place, count: int) -> None:
    """Let tasks be finished by the steps that a worker would send; no worker runs."""
    client = place.redis.client()
    client.config_set("appendfsync", "no")
    with Driver(filler(place), place.folder / "growth.log") as driver:
        driver.ask(do="fill", count=count)
        driver.ask(do="finish", count=count)
    client.config_set("appendfsync", "everysec")
    # The file has grown much, so Redis writes it again; that fork is none of ordinary work.
    wait(lambda: not client.info("persistence")["aof_rewrite_in_progress"], TIMEOUT_S)


@contextlib.contextmanager
def _stack(place: Place) -> Generator[tuple[Run, int]]:
    """A consumer, a web process and a client; yields the run and the port of the web process."""
    system, port = SYSTEMS["duckline"], free_port()
    web = DucklineWeb().command(place, port)
    commands = [web, *system.workers(place, PROCESSES, Profile.SHORT)]
    members = ProcessGroup(commands, place.folder / "stack.log")
    members.start()
    try:
        if not wait(lambda: answers(port), START_S):
            members.require_alive()
            raise RuntimeError(f"the web service does not answer:\n{members.log.read_text()}")
        with Driver(system.driver(place), place.folder / "driver.log") as driver:
            yield Run(system, place, members, driver), port
    finally:
        members.stop()


def _works(running: Run, port: int, finished: int) -> dict[str, Callable[[], Any]]:
    """Each kind of work by its name, in the order in which they are done."""

    def submit() -> None:
        running.driver.fill("noop", BULK)
        running.driver.submit("noop", [0.0] * SINGLE, [0.0] * SINGLE)

    lists = ["/api/tasks?limit=200", "/api/tasks?limit=200&sort=finished"]
    lists += [f"/api/tasks?limit=50&state={state}" for state in TaskState]
    searches = [f"/api/tasks?q={quote(search)}" for search in SEARCHES]
    return {
        "submits and their drain": lambda: (
            submit(),
            running.wait_until_finished(finished + BULK + SINGLE, TIMEOUT_S),
        ),
        "lists": lambda: _read(port, lists),
        "searches": lambda: _read(port, searches),
        "other pages, /metrics": lambda: _read(port, SUMMARIES),
        f"{IDLE_S:g} s of rest": lambda: time.sleep(IDLE_S),
    }


def _read(port: int, paths: Sequence[str]) -> None:
    """Read each path some times over. Raises HTTPError when one is refused."""
    for path in itertools.chain.from_iterable([paths] * READS):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=TIMEOUT_S) as answer:
            answer.read()


def _watched(redis: PrivateRedis, work: str, finished: int, do: Callable[[], Any]) -> Outcome:
    """Do a kind of work with SLOWLOG empty before it."""
    watch(redis)
    before, waited_ms = _commands(redis), _waited_ms(redis)
    do()
    slow, waited_ms = slow_commands(redis), round(_waited_ms(redis) - waited_ms, 1)
    commands = _commands(redis) - before
    return Outcome(work, finished, commands, len(slow), waited_ms, tuple(slow[:5]))


def _commands(redis: PrivateRedis) -> int:
    return redis.client().info("stats")["total_commands_processed"]


def _waited_ms(redis: PrivateRedis) -> float:
    """How long its main thread has been waiting for a core so far, as the kernel counts it."""
    return int(Path(f"/proc/{redis.process.pid}/schedstat").read_text().split()[1]) / 1e6


def watch(redis: PrivateRedis) -> None:
    """Empty SLOWLOG, and let it hold every command that is slow from now on."""
    client = redis.client()
    client.config_set("slowlog-log-slower-than", SLOW_MS * 1000)
    client.config_set("slowlog-max-len", 100_000)
    client.slowlog_reset()


def slow_commands(redis: PrivateRedis) -> list[str]:
    """What SLOWLOG holds, the slowest first: milliseconds, and the command with its script."""
    found: list[dict[str, Any]] = redis.client().slowlog_get(100_000)
    found.sort(key=lambda row: row["duration"], reverse=True)
    return [f"{row['duration'] / 1000:.1f} ms {shown(row['command'])}" for row in found]


def shown(command: str | bytes) -> str:
    """The beginning of a command; a call of a script of ours begins with its name."""
    text = command.decode("utf-8", "replace") if isinstance(command, bytes) else command
    words = text.split()
    if words[0] == "EVALSHA" and words[1] in _scripts():
        words = [f"{_scripts()[words[1]]}.lua", *words[2:]]
    return " ".join(words)[:160]


@cache
def _scripts() -> dict[str, str]:
    """The name of each script by the digest that Redis knows it by."""
    names = [file.stem for file in LUA.glob("*.lua")]
    return {_digest(script_text(name).text): name for name in names}


def _digest(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """A row for each kind of work."""
    table = [["", "beside finished", "commands", f"over {SLOW_MS} ms", "slowest", "no core for"]]
    for one in outcomes:
        slowest = " ".join(one.slowest[0].split()[:3]) if one.slowest else ""
        row = [one.work, f"{one.finished:,}", f"{one.commands:,}", str(one.slow), slowest]
        table.append([*row, f"{one.waited_ms:,.0f} ms"])
    return table


def plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """None: the counts should all be 0."""
    return []


MEASUREMENT = Measurement(
    name="slowlog",
    title="Slow commands",
    explanation=(
        "What SLOWLOG of Redis holds of commands that took longer than 5 ms, after ordinary work "
        "beside a million finished tasks with results (quick run 100,000): "
        f"{BULK:,} no-op tasks submitted in bulk and {SINGLE} one by one while {PROCESSES} worker "
        f"processes finish them; each list, search and other page of the API read {READS} times; "
        "and a while in which only what runs by itself runs. The log counts the time until the "
        "command is done, so it also holds commands that had to wait for a core: *no core for* is "
        "how long Redis had none in all, which is much where others use the machine too."
    ),
    systems=("duckline",),
    outcome=Outcome,
    measure=measure,
    rows=rows,
    plots=plots,
)
