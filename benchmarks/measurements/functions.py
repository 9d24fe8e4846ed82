"""Functions through HTTP and Redis: cold and warm calls, a saved file, a time limit, memory.

One client calls the Lambda API of a whole stack, one call after another, as a person at a laptop
does. Redis brings every write to disk before it answers, as the stack's own does.
"""

import http.client
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from benchmarks.arithmetic import percentile
from benchmarks.measurements.idle import START_S, pss_mib
from benchmarks.measurements.measurement import Measurement, Options, Plot
from benchmarks.measurements.submit import answers
from benchmarks.private_redis import PrivateRedis
from benchmarks.processes import Command, ProcessGroup, cpu_s
from benchmarks.run import wait
from benchmarks.stacks import STACKS, two_ports
from benchmarks.systems.system import Place

#: Seconds after which the late function is killed.
LIMIT_S = 1

#: Seconds in which a stack comes to rest.
SETTLE_S = 3.0

BARE = "def handler(event, context):\n    return {answer}\n"
#: Its event is the file in which it notes when it begins.
LATE = """import pathlib, time
def handler(event, context):
    pathlib.Path(event).write_text(repr(time.time()))
    time.sleep(60)
"""


@dataclass(frozen=True)
class Outcome:
    """One stack; milliseconds from sending a request to its whole answer."""

    first_ms: float  # the very first call, which starts the function host as well
    cold_p50_ms: float  # of functions that import nothing, each called for the first time
    cold_worst_ms: float
    cold_cpu_ms: float  # processor time of a cold call, all processes and Redis
    warm_calls: int
    warm_p50_ms: float
    warm_p99_ms: float
    warm_cpu_ms: float
    cold_starts: int  # that the service counted during the warm calls; one is right
    live_p50_ms: float  # from saving a file to the answer of the new code
    live_worst_ms: float
    stale: int  # answers of the old code after the file was saved; none is right
    late_p50_ms: float  # from the end of its time to the answer
    late_worst_ms: float
    idle_pss_mib: float  # the stack before the first call, without Redis
    running_pss_mib: float  # what the function host and all environments add to it
    environments: int
    environment_pss_mib: float  # of each


def measure(names: Sequence[str], options: Options) -> Iterator[Outcome]:
    """Run it so often."""
    few = options.quick
    for _ in range(options.repeats or (1 if few else 5)):
        yield run(calls=200 if few else 1000, functions=5 if few else 15, limits=3 if few else 10)


class _Client:
    """One connection to the Lambda API, kept."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(self, name: str, event: Any = None) -> tuple[Any, float]:
        """Invoke a function; returns its answer, and the milliseconds it took."""
        begun_at = time.perf_counter()
        body = json.dumps(event).encode()
        answer = self._ask("POST", f"/2015-03-31/functions/{name}/invocations", body)
        return answer, 1000 * (time.perf_counter() - begun_at)

    def about(self, name: str) -> Any:
        """What the service tells about a function."""
        return self._ask("GET", f"/api/functions/{name}")

    def close(self) -> None:
        self._connection.close()

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        self._connection.request(method, path, body)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text)


def run(calls: int, functions: int, limits: int) -> Outcome:
    """Start a stack, call its functions, and end it."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-functions-") as name,
        PrivateRedis(Path(name), appendfsync="always") as redis,
    ):
        place, ports = Place(redis, Path(name)), two_ports()
        folder = _functions(place.folder, functions)
        (command,) = STACKS["duckline"].commands(place, ports)
        environment = {**command.environment, "FUNCTIONS_PATH": str(folder)}
        command = Command(command.argv, environment, command.folder)
        group = ProcessGroup([command], place.folder / "stack.log")
        group.start()
        client = _Client(ports[0])
        try:
            if not wait(lambda: all(answers(port) for port in ports), START_S):
                group.require_alive()
            time.sleep(SETTLE_S)
            idle = _pss(group.members())
            _, first_ms = client.call("warm")
            begun_s = _cpu_s(group, redis)
            cold = [client.call(f"cold{number}")[1] for number in range(functions)]
            cold_s = _cpu_s(group, redis) - begun_s
            time.sleep(SETTLE_S)
            running = _pss(group.members()) - idle
            own = [_environment(client, name) for name in _names(functions)]
            begun_s = _cpu_s(group, redis)
            warm = [client.call("warm")[1] for _ in range(calls)]
            warm_s = _cpu_s(group, redis) - begun_s
            starts = client.about("warm")["counts"]["cold_starts"]
            live, stale = _saves(client, folder / "warm.py", functions)
            late = [_late_ms(client, place.folder / "begun") for _ in range(limits)]
        finally:
            client.close()
            group.stop()
    return Outcome(
        first_ms=round(first_ms, 1),
        cold_p50_ms=round(median(cold), 1),
        cold_worst_ms=round(max(cold), 1),
        cold_cpu_ms=round(1000 * cold_s / functions, 1),
        warm_calls=calls,
        warm_p50_ms=round(median(warm), 2),
        warm_p99_ms=round(percentile(warm, 0.99), 2),
        warm_cpu_ms=round(1000 * warm_s / calls, 2),
        cold_starts=starts,
        live_p50_ms=round(median(live), 1),
        live_worst_ms=round(max(live), 1),
        stale=stale,
        late_p50_ms=round(median(late), 1),
        late_worst_ms=round(max(late), 1),
        idle_pss_mib=round(idle, 1),
        running_pss_mib=round(running, 1),
        environments=len(own),
        environment_pss_mib=round(median(own), 1),
    )


def _functions(folder: Path, number: int) -> Path:
    """Write the functions and the limit of the late one; returns their folder."""
    path = folder / "functions"
    path.mkdir()
    for name in _names(number):
        (path / f"{name}.py").write_text(BARE.format(answer=0))
    (path / "late.py").write_text(LATE)
    (path / "functions.toml").write_text(f"[late]\ntimeout = {LIMIT_S}\n")
    return path


def _names(number: int) -> list[str]:
    return ["warm", *(f"cold{each}" for each in range(number))]


def _saves(client: _Client, file: Path, times: int) -> tuple[list[float], int]:
    """Save a new text, call until its answer comes: the milliseconds, how many old answers."""
    took_ms, stale = list[float](), 0
    for number in range(1, times + 1):
        saved_at = time.perf_counter()
        file.write_text(BARE.format(answer=number))
        while client.call(file.stem)[0] != number:
            stale += 1
        took_ms.append(1000 * (time.perf_counter() - saved_at))
    return took_ms, stale


def _late_ms(client: _Client, begun: Path) -> float:
    client.call("late", str(begun))
    return 1000 * (time.time() - float(begun.read_text()) - LIMIT_S)


def _environment(client: _Client, name: str) -> float:
    (environment,) = client.about(name)["environments"]
    return pss_mib(psutil.Process(environment["pid"]))


def _cpu_s(group: ProcessGroup, redis: PrivateRedis) -> float:
    return cpu_s([*group.members(), redis.process])


def _pss(members: Sequence[psutil.Process]) -> float:
    return sum(pss_mib(process) for process in members)


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Medians over the runs, and the worst of all."""

    def middle(what: str, unit: str = "ms") -> str:
        return f"{median(float(getattr(one, what)) for one in outcomes):,.1f} {unit}"

    def worst(what: str) -> str:
        return f"{max(float(getattr(one, what)) for one in outcomes):,.0f} ms"

    first, starts = outcomes[0], max(one.cold_starts for one in outcomes)
    return [
        ["", "p50", "p99", "worst", "goal"],
        ["warm call", middle("warm_p50_ms"), middle("warm_p99_ms"), "", "15 ms, p99 60 ms"],
        ["… processor time", middle("warm_cpu_ms"), "", "", ""],
        ["cold call, bare", middle("cold_p50_ms"), "", worst("cold_worst_ms"), "250 ms"],
        ["… processor time", middle("cold_cpu_ms"), "", "", ""],
        ["first call of all", middle("first_ms"), "", worst("first_ms"), ""],
        ["saved file to answer", middle("live_p50_ms"), "", worst("live_worst_ms"), "1,000 ms"],
        ["late at a time limit", middle("late_p50_ms"), "", worst("late_worst_ms"), "300 ms"],
        ["answers of old code", str(sum(one.stale for one in outcomes)), "", "", "0"],
        [f"cold starts in {first.warm_calls:,} warm calls", str(starts - 1), "", "", "0"],
        ["memory of the idle stack", middle("idle_pss_mib", "MiB"), "", "", ""],
        [f"… {first.environments} functions add", middle("running_pss_mib", "MiB"), "", "", ""],
        ["… of them, one environment", middle("environment_pss_mib", "MiB"), "", "", ""],
    ]  # fmt: skip


def plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """None: there is nothing to compare with."""
    return []


MEASUREMENT = Measurement(
    name="functions",
    title="Functions",
    explanation=(
        "One client invokes functions that do nothing by the Lambda API of `python app.py up`, one "
        "call after another; Redis writes to disk before it answers (`appendfsync always`). "
        f"*Cold* starts a process. A time limit of {LIMIT_S} s is answered after the kill. "
        "Memory is PSS, what is shared counted once, without Redis."
    ),
    systems=("duckline",),
    outcome=Outcome,
    measure=measure,
    rows=rows,
    plots=plots,
    limit=(
        "Two steps, the answer by a subscription, and the write to disk before each answer "
        "of Redis."
    ),
)
