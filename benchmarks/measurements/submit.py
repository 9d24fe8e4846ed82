"""Submitting over HTTP: requests per second and latency of `POST /api/tasks/submit`.

No worker runs: what is measured is the way of a task into its queue. Afterwards the tasks in Redis
are counted, and every 202 must be there.
"""

import http.client
import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.arithmetic import spread, times
from benchmarks.measurements.measurement import Bar, Measurement, Options, Plot
from benchmarks.private_redis import PrivateRedis, free_port
from benchmarks.processes import ProcessGroup, cpu_s
from benchmarks.run import wait
from benchmarks.services import SERVICES
from benchmarks.services.service import Service, wrk
from benchmarks.systems.system import APPS, Place

CONNECTIONS = 16
WARM_UP_S = 2
START_S = 30.0


@dataclass(frozen=True)
class Outcome:
    """One run of one service."""

    system: str
    seconds: float
    accepted: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float  # microseconds of processor time a request, web processes and Redis


def measure(names: Sequence[str], options: Options) -> Iterator[Outcome]:
    """Run the services in turn, several times."""
    services = [_service(name) for name in names]
    for service in services:
        service.install()
    seconds, repeats = (4, 2) if options.quick else (10, 5)
    for _ in range(options.repeats or repeats):
        for service in services:
            yield run(service, seconds)


def _service(name: str) -> Service:
    if name not in SERVICES:
        raise ValueError(f"no service is called {name!r}; there are {', '.join(SERVICES)}")
    return SERVICES[name]


def run(service: Service, seconds: int) -> Outcome:
    """Load one service for a number of seconds."""
    with (
        tempfile.TemporaryDirectory(prefix=f"bench-{service.name}-") as name,
        PrivateRedis(Path(name)) as redis,
    ):
        place, port = Place(redis, Path(name)), free_port()
        web = ProcessGroup([service.command(place, port)], place.folder / "web.log")
        web.start()
        try:
            if not wait(lambda: answers(port), START_S):
                web.require_alive()
                raise RuntimeError(f"{service.name} does not answer:\n{web.log.read_text()}")
            warm = load(port, WARM_UP_S)
            members = [*web.members(), redis.process]
            before_s = cpu_s(members)
            loaded = load(port, seconds)
            used_s = cpu_s(members) - before_s
            _check(service, place, warm["requests"] + loaded["requests"], web)
        finally:
            web.stop()
    return Outcome(
        system=service.name,
        seconds=round(loaded["seconds"], 2),
        accepted=loaded["requests"],
        per_second=round(loaded["requests"] / loaded["seconds"], 1),
        p50_ms=round(loaded["p50_ms"], 2),
        p99_ms=round(loaded["p99_ms"], 2),
        cpu_us=round(1e6 * used_s / loaded["requests"], 1),
    )


def answers(port: int) -> bool:
    """Whether some process has the application loaded; listening alone says nothing of that."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)
    try:
        connection.request("GET", "/no-such-page")
        connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def load(port: int, seconds: int, connections: int = CONNECTIONS) -> dict[str, Any]:
    """Let wrk post for so long. Raises RuntimeError when a request was not accepted."""
    command = [wrk(), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s"]
    command += ["-s", str(APPS / "post.lua")]
    shown = subprocess.run(
        [*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True
    ).stdout
    loaded = parse(shown)
    if loaded["refused"] or loaded["broken"]:
        raise RuntimeError(f"not every request was accepted:\n{shown}")
    return loaded


def parse(shown: str) -> dict[str, Any]:
    """What `apps/post.lua` has written at the end of wrk's own output."""
    line = next(line for line in shown.splitlines() if line.startswith("RESULT "))
    return json.loads(line.removeprefix("RESULT "))


def _check(service: Service, place: Place, accepted: int, web: ProcessGroup) -> None:
    """Every accepted task must be in Redis; requests that wrk cut off at its end may be too."""
    stored = service.stored(place)
    if not accepted <= stored <= accepted + 2 * CONNECTIONS:
        log = web.log.read_text()[-2000:]
        raise RuntimeError(f"{accepted} accepted, but {stored} are in Redis:\n{log}")


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Medians, spread, and how many times as fast ours is."""
    names = list(dict.fromkeys(outcome.system for outcome in outcomes))
    rates = {name: [o.per_second for o in outcomes if o.system == name] for name in names}
    ours = median(rates["duckline"]) if "duckline" in rates else 0.0
    table = [["service", "requests/s", "spread", "ours is", "p50", "p99", "CPU a request"]]
    for name in names:
        own = [outcome for outcome in outcomes if outcome.system == name]
        middle = median(rates[name])
        row = [SERVICES[name].title, f"{middle:,.0f}", spread(rates[name]), times(ours, middle)]
        row += [f"{median(o.p50_ms for o in own):,.1f} ms"]
        row += [f"{median(o.p99_ms for o in own):,.1f} ms"]
        table.append([*row, f"{median(o.cpu_us for o in own):,.0f} µs"])
    return table


def plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """Requests per second."""
    rates: dict[str, list[float]] = {}
    for outcome in outcomes:
        rates.setdefault(SERVICES[outcome.system].title, []).append(outcome.per_second)
    bars = [Bar(name, median(each), min(each), max(each)) for name, each in rates.items()]
    return [Plot("Submitting over HTTP", "requests/s", bars)]


MEASUREMENT = Measurement(
    name="submit",
    title="Submitting over HTTP",
    explanation=(
        f"`POST /api/tasks/submit` of a `send_email` from {CONNECTIONS} connections (wrk) on 2 web "
        "processes: Duckline on gunicorn; a FastAPI service on uvicorn that validates the same "
        "fields and hands the task to Celery; and a bare Flask handler under Duckline's gunicorn "
        "that checks nothing and writes the same keys by one call of the submit script. Every "
        "202 is looked for in Redis afterwards."
    ),
    systems=tuple(SERVICES),
    outcome=Outcome,
    measure=measure,
    rows=rows,
    plots=plots,
    overview=tuple(SERVICES),
    limit=(
        "The Python of the web process: the WSGI server's parsing, the check of body and "
        "payload, the call of Redis, the answer. A plain submit is answered without Flask "
        "(docs/adr/0132). The bare handler has the same server and Flask, calls the same "
        "script, and checks nothing."
    ),
)
