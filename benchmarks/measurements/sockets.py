"""A thousand open dashboards on one web process: its reads, rhythm and memory, and submits."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.arithmetic import percentile
from benchmarks.measurements.measurement import Measurement, Options, Plot
from benchmarks.measurements.submit import START_S, WARM_UP_S, answers, load
from benchmarks.private_redis import PrivateRedis, free_port
from benchmarks.processes import ProcessGroup, cpu_s
from benchmarks.run import wait
from benchmarks.services.service import DucklineWeb
from benchmarks.systems.system import APPS, Place

SOCKETS, PERIOD_S = 1000, 2.0


@dataclass(frozen=True)
class Outcome:
    """One run."""

    sockets: int
    ticks: int
    reads: int  # scripts that Redis ran in that time; three queues are one look
    jitter_p50_ms: float  # how far the time between two frames of a socket is from the period
    jitter_p99_ms: float
    cpu_percent: float  # of one core, the web process, nothing else to do
    rss_kib_per_socket: float
    alone_per_second: float  # submits without sockets
    with_per_second: float  # submits meanwhile


def measure(names: Sequence[str], options: Options) -> Iterator[Outcome]:
    """Run it so often."""
    for _ in range(options.repeats or (1 if options.quick else 3)):
        yield run(SOCKETS, 8 if options.quick else 30, 3 if options.quick else 10)


def run(sockets: int, seconds: int, load_s: int) -> Outcome:
    """Submit, open the sockets, listen, submit again."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-sockets-") as name,
        PrivateRedis(Path(name)) as redis,
    ):
        place, port = Place(redis, Path(name)), free_port()
        command = DucklineWeb().command(place, port)
        command.environment["WEB_CONCURRENCY"] = "1"  # pyright: ignore[reportIndexIssue]
        web = ProcessGroup([command], place.folder / "web.log")
        web.start()
        client = None
        try:
            if not wait(lambda: answers(port), START_S):
                web.require_alive()
                raise RuntimeError(f"the web service does not answer:\n{web.log.read_text()}")
            load(port, WARM_UP_S)
            alone = load(port, load_s)
            rss = sum(process.memory_info().rss for process in web.members())
            client = _client(port, sockets)
            before_s, calls = cpu_s(web.members()), _calls(redis)
            times = _listen(client, seconds)
            used_s, reads = cpu_s(web.members()) - before_s, _calls(redis) - calls
            grown = sum(process.memory_info().rss for process in web.members()) - rss
            meanwhile = load(port, load_s)
        finally:
            if client is not None:
                client.kill()
                client.wait()
            web.stop()
    late = jitter_ms(times)
    return Outcome(
        sockets=sockets,
        ticks=round(len(times) / sockets),
        reads=reads,
        jitter_p50_ms=round(median(late), 1),
        jitter_p99_ms=round(percentile(late, 0.99), 1),
        cpu_percent=round(100 * used_s / seconds, 1),
        rss_kib_per_socket=round(grown / 1024 / sockets, 1),
        alone_per_second=round(alone["requests"] / alone["seconds"], 1),
        with_per_second=round(meanwhile["requests"] / meanwhile["seconds"], 1),
    )


def _client(port: int, sockets: int) -> subprocess.Popen[str]:
    client = subprocess.Popen(
        [sys.executable, str(APPS / "sockets_client.py"), str(port), str(sockets)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    reply = json.loads(client.stdout.readline() if client.stdout else "{}")
    if reply.get("open") != sockets:
        client.kill()
        raise RuntimeError(f"not every socket was opened: {reply}")
    return client


def _listen(client: subprocess.Popen[str], seconds: int) -> list[tuple[int, float]]:
    """(socket, Unix time) of each frame."""
    if client.stdin is None or client.stdout is None:
        raise RuntimeError("the client has no pipes")
    client.stdin.write(f"{seconds}\n")
    client.stdin.flush()
    return [(number, at) for number, at in json.loads(client.stdout.readline())]


def _calls(redis: PrivateRedis) -> int:
    stats = redis.client().info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("eval", "evalsha"))


def jitter_ms(arrivals: Sequence[tuple[int, float]]) -> list[float]:
    """How far each time between two frames of one socket is from the period."""
    last, late = dict[int, float](), list[float]()
    for number, at in arrivals:
        if number in last:
            late.append(1000 * abs(at - last[number] - PERIOD_S))
        last[number] = at
    return late


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Medians over the runs."""

    def middle(what: str) -> float:
        return median(float(getattr(one, what)) for one in outcomes)

    kept = median(one.with_per_second / one.alone_per_second for one in outcomes)
    return [
        [f"{outcomes[0].sockets:,} sockets", "", "goal"],
        ["reads of Redis a tick and queue", f"{middle('reads') / 3 / middle('ticks'):.2f}", "1"],
        ["jitter of a tick, p50", f"{middle('jitter_p50_ms'):,.0f} ms", ""],
        ["jitter of a tick, p99", f"{middle('jitter_p99_ms'):,.0f} ms", "250 ms"],
        ["CPU of the web process", f"{middle('cpu_percent'):.1f} %", ""],
        ["memory a socket (RSS)", f"{middle('rss_kib_per_socket'):,.1f} KiB", ""],
        ["submits/s without sockets", f"{middle('alone_per_second'):,.0f}", ""],
        ["submits/s meanwhile", f"{middle('with_per_second'):,.0f} ({100 * kept:.0f} %)", "80 %"],
    ]


def plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """None: there is nothing to compare with."""
    return []


MEASUREMENT = Measurement(
    name="sockets",
    title="Sockets",
    explanation=(
        "1,000 open WebSockets to `/ws/stats` on one web process: scripts run in Redis by tick of "
        "2 s, how evenly the frames reach each socket, and submits over HTTP (wrk, 16 connections) "
        "before the sockets are opened and while they are open."
    ),
    systems=("duckline",),
    outcome=Outcome,
    measure=measure,
    rows=rows,
    plots=plots,
)
