"""The cost of standing still: memory and processor time of a whole stack that has nothing to do."""

import http.client
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from benchmarks.arithmetic import times
from benchmarks.measurements.measurement import Bar, Measurement, Options, Plot
from benchmarks.private_redis import PrivateRedis
from benchmarks.processes import ProcessGroup, cpu_s
from benchmarks.run import wait
from benchmarks.stacks import STACKS, Stack, two_ports
from benchmarks.systems.system import Place

START_S = 90.0

#: Seconds after its ports answer in which a stack comes to rest.
SETTLE_S = 5.0


@dataclass(frozen=True)
class Outcome:
    """One stack at rest."""

    system: str
    processes: int
    pss_mib: float  # what is shared counts once, split between those that share it
    cpu_percent: float  # of one core
    redis_pss_mib: float
    redis_cpu_percent: float


def measure(names: Sequence[str], options: Options) -> Iterator[Outcome]:
    """Let each stack stand still in turn."""
    seconds = 5.0 if options.quick else 20.0
    for name in names:
        STACKS[name].install()
    for _ in range(options.repeats or (1 if options.quick else 2)):
        for name in names:
            yield run(name, STACKS[name], seconds)


def run(name: str, stack: Stack, seconds: float) -> Outcome:
    """Start a stack, and measure it before and after a number of seconds."""
    with (
        tempfile.TemporaryDirectory(prefix=f"bench-idle-{name}-") as folder,
        PrivateRedis(Path(folder)) as redis,
    ):
        place, ports = Place(redis, Path(folder)), two_ports()
        group = ProcessGroup(stack.commands(place, ports), place.folder / "stack.log")
        group.start()
        try:
            if not wait(lambda: _is_up(group, stack, ports), START_S):
                group.require_alive()
                raise RuntimeError(f"{name} does not come up:\n{group.log.read_text()[-3000:]}")
            time.sleep(SETTLE_S)
            members, server = group.members(), [redis.process]
            before = cpu_s(members), cpu_s(server)
            time.sleep(seconds)
            used_s = cpu_s(members) - before[0], cpu_s(server) - before[1]
            group.require_alive()
            return Outcome(
                system=name,
                processes=len(members),
                pss_mib=round(sum(pss_mib(process) for process in members), 1),
                cpu_percent=round(100 * used_s[0] / seconds, 2),
                redis_pss_mib=round(pss_mib(redis.process), 1),
                redis_cpu_percent=round(100 * used_s[1] / seconds, 2),
            )
        finally:
            group.stop()


def _is_up(group: ProcessGroup, stack: Stack, ports: Sequence[int]) -> bool:
    return all(_answers(port) for port in ports) and len(group.members()) >= stack.processes


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def pss_mib(process: psutil.Process) -> float:
    """The proportional set size of a process, as the kernel sums it up."""
    rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return pss_kib(rollup) / 1024


def pss_kib(rollup: str) -> int:
    """What a `smaps_rollup` says. Raises ValueError when it says nothing of it."""
    found = re.search(r"^Pss:\s+(\d+) kB$", rollup, re.MULTILINE)
    if found is None:
        raise ValueError("no Pss in smaps_rollup; Linux 4.14 or newer has it")
    return int(found[1])


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Medians, and how many times theirs is ours."""
    table = [["stack", "processes", "PSS", "theirs is", "CPU", "Redis, PSS", "Redis, CPU"]]
    names = list(dict.fromkeys(outcome.system for outcome in outcomes))
    sizes = {name: median(o.pss_mib for o in outcomes if o.system == name) for name in names}
    for name in names:
        own = [outcome for outcome in outcomes if outcome.system == name]
        row = [STACKS[name].title, str(max(o.processes for o in own)), f"{sizes[name]:,.0f} MiB"]
        row += [times(sizes[name], sizes.get("duckline", 0.0))]
        row += [f"{median(o.cpu_percent for o in own):.1f} %"]
        row += [f"{median(o.redis_pss_mib for o in own):,.1f} MiB"]
        table.append([*row, f"{median(o.redis_cpu_percent for o in own):.1f} %"])
    return table


def plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """Memory."""
    sizes: dict[str, list[float]] = {}
    for outcome in outcomes:
        sizes.setdefault(STACKS[outcome.system].title, []).append(outcome.pss_mib)
    bars = [Bar(name, median(each), min(each), max(each)) for name, each in sizes.items()]
    return [Plot("Memory of an idle stack (PSS, without Redis)", "MiB", bars)]


MEASUREMENT = Measurement(
    name="idle",
    title="The cost of standing still",
    explanation=(
        "Whole stacks without work: Duckline's `python app.py up` (web, inspector, consumers of 4, "
        "2 and 2 worker processes); one FastAPI process on uvicorn, three Celery worker nodes of "
        "4, 2 and 2 prefork processes, Flower. *PSS* is memory with what is shared counted once, "
        "*CPU* the share of one core over 20 s (quick run 5 s), both without Redis."
    ),
    systems=tuple(STACKS),
    outcome=Outcome,
    measure=measure,
    rows=rows,
    plots=plots,
    limit=(
        "Every process of the stack wakes at least once a second, to say that it lives or "
        "to ask for work."
    ),
)
