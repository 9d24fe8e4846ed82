"""What `appendfsync always` costs against `everysec`: `python -m benchmarks.durability`.

Submits and drains through our own scripts and slots, on a redis-server of its own whose file is in
`--folder`, which has to be on the disk in question. The two settings take turns, so that whatever
else the machine does hits both; what counts is the ratio of neighbours. Also measures how long
this disk takes to make a small write last, which is what `always` waits for.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from duckline.stack.embedded_redis import find_server
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.connection import connect
from huey_tasks.broker.protocol import Commit, NewTask
from huey_tasks.huey_adapter.storage import ReliableStorage
from huey_tasks.serializer import dumps

MODES = ("everysec", "always")
PROCESSES = 2
#: Seconds within which a redis-server listens.
START_S = 30.0
MESSAGE = b"x" * 300  # about what a task with a small payload takes
BATCH = 500


@dataclass(frozen=True)
class Outcome:
    """One measurement under one setting."""

    per_second: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Case:
    """One thing to measure, with how many submit or work at a time."""

    name: str
    run: Callable[[Path, float], Outcome]


def submit_all_the_time(socket: Path, clients: int, seconds: float) -> list[float]:
    """Submit one task after the other from each of some threads; returns what each took."""
    took_s: list[float] = []

    def submit() -> None:
        scripts = _storage(socket).broker.scripts
        ends = time.perf_counter() + seconds
        while (begun := time.perf_counter()) < ends:
            scripts.submit("default", [_task()])
            took_s.append(time.perf_counter() - begun)

    threads = [threading.Thread(target=submit) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took_s


def work_all_the_time(socket: Path, workers: int, seconds: float, short: bool) -> list[float]:
    """Claim and commit no-op tasks from each of some threads; returns what each step took.

    `short`: the tasks count as short, so that they are claimed and committed in batches.
    """
    took_s: list[float] = []

    def work() -> None:
        slot = _storage(socket).open_slot("bench")
        ends = time.perf_counter() + seconds
        while (begun := time.perf_counter()) < ends:
            claim = slot.claim()
            if claim is None:
                break
            took_s.append(time.perf_counter() - begun)
            if short:
                slot.pace.record("bench", 0.0002)
            slot.finish(Commit(claim.id, claim.token, "SUCCESS"), dumps({"result": None}))
        slot.flush()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took_s


def submits(clients: int, socket: Path, seconds: float) -> Outcome:
    """Measure submits."""
    return _measure(partial(submit_all_the_time, socket, clients // PROCESSES or 1, seconds),
                    1 if clients == 1 else PROCESSES, seconds)  # fmt: skip


def drains(workers: int, short: bool, socket: Path, seconds: float) -> Outcome:
    """Measure claims and commits, from a queue that is filled first, unmeasured."""
    scripts, filled = _storage(socket).broker.scripts, 0
    while filled < seconds * (20_000 if short else 4_000):
        filled += len(scripts.submit("default", [_task() for _ in range(BATCH)]))
    work = partial(work_all_the_time, socket, workers // PROCESSES, seconds, short)
    return _measure(work, PROCESSES, seconds)


CASES = (
    Case("submit, 1 client", partial(submits, 1)),
    Case("submit, 8 clients", partial(submits, 8)),
    Case("submit, 64 clients", partial(submits, 64)),
    Case("drain, one at a time, 8 workers", partial(drains, 8, False)),
    Case("drain, short tasks in batches, 8 workers", partial(drains, 8, True)),
)


def _measure(work: Callable[[], list[float]], processes: int, seconds: float) -> Outcome:
    with ProcessPoolExecutor(processes) as pool:
        pending = [pool.submit(work) for _ in range(processes)]
        took_s = sorted(took for one in pending for took in one.result())
    if len(took_s) < 2:
        raise RuntimeError("nothing was measured")
    return Outcome(
        len(took_s) / seconds,
        took_s[len(took_s) // 2] * 1000,
        took_s[int(len(took_s) * 0.99)] * 1000,
    )


def _storage(socket: Path) -> ReliableStorage:
    url = f"unix://{socket}?db="
    broker = Broker.connect(
        "default", broker_url=f"{url}0", result_url=f"{url}1", result_ttl_s=3600, lease_s=60
    )
    return ReliableStorage("default", broker=broker)


def _task() -> NewTask:
    return NewTask(str(uuid.uuid4()), MESSAGE, "bench")


@contextmanager
def server(folder: Path, mode: str) -> Generator[Path]:
    """Run a redis-server with that `appendfsync`; gives its socket."""
    with tempfile.TemporaryDirectory(prefix="durability-", dir=folder) as place:
        socket = Path(place) / "r.sock"
        process = subprocess.Popen(
            [str(find_server()), "--port", "0", "--unixsocket", str(socket), "--dir", place,
             "--save", "", "--appendonly", "yes", "--appendfsync", mode],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + START_S
            while not socket.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"redis-server does not start in {place}")
                time.sleep(0.01)
            yield socket
        finally:
            process.kill()
            process.wait()


def sync_ms(folder: Path, writes: int = 200) -> tuple[float, float]:
    """Milliseconds that a write of 1 KB takes to last: the median, and the 99th percentile."""
    took: list[float] = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(writes):
            file.write(b"x" * 1024)
            file.flush()
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - begun) * 1000)
    took.sort()
    return took[writes // 2], took[int(writes * 0.99)]


def measure(folder: Path, rounds: int, seconds: float, cases: Sequence[Case] = CASES) -> None:
    """Measure every case in turns, and print a line for each."""
    width = max(len(case.name) for case in cases)
    print(f"{'':{width}}  everysec/s  always/s  ratio (least to most)  p99 everysec, always")
    for case in cases:
        found: dict[str, list[Outcome]] = {mode: [] for mode in MODES}
        for number in range(rounds):
            for mode in MODES if number % 2 == 0 else reversed(MODES):
                with server(folder, mode) as socket:
                    found[mode].append(case.run(socket, seconds))
        pairs = zip(found["always"], found["everysec"], strict=True)
        ratios = sorted(slow.per_second / fast.per_second for slow, fast in pairs)
        rates = {m: statistics.median(o.per_second for o in found[m]) for m in MODES}
        tails = {m: statistics.median(o.p99_ms for o in found[m]) for m in MODES}
        print(
            f"{case.name:{width}}  {rates['everysec']:>10,.0f}  {rates['always']:>8,.0f}  "
            f"{statistics.median(ratios):>5.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
            f"{'':>6}  {tails['everysec']:.1f} ms, {tails['always']:.1f} ms",
            flush=True,
        )


def main(argv: list[str]) -> int:
    """Do what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.durability", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="where the files go")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each setting")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a run")
    arguments: Any = parser.parse_args(argv)
    median_ms, tail_ms = sync_ms(arguments.folder)
    version = subprocess.run([find_server(), "--version"], capture_output=True, text=True).stdout
    print(f"{version.split(' sha')[0]}, {os.cpu_count()} cores, {platform.system()}, "
          f"load {os.getloadavg()[0]:.1f}; a small write lasts after {median_ms:.2f} ms "
          f"(p99 {tail_ms:.2f} ms)")  # fmt: skip
    connect("unix:///none")  # a broken installation shows here, not in a child
    measure(arguments.folder, arguments.rounds, arguments.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
