"""How long a new stack takes to its first task: `make run` to SUCCESS, with its embedded Redis."""

import http.client
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measurements.measurement import Bar, Measurement, Options, Plot
from benchmarks.processes import Command, ProcessGroup, used_s
from benchmarks.stacks import two_ports
from benchmarks.systems.duckline import REPOSITORY
from huey_tasks.config import Config

START_S = 90.0

#: Seconds between two tries of the client.
TRY_EVERY_S = 0.01

#: A demo task that takes no time with the settings of `_stack`.
TASK = {"task_type": "generate_report", "priority": "high"}
PAYLOAD = {"report_type": "monthly", "user_id": "one", "date_range": "last_30_days"}


@dataclass(frozen=True)
class Outcome:
    """One start."""

    system: str
    accepted_s: float  # from the start of the program to the answer 202
    done_s: float  # and until the client has read SUCCESS
    cpu_s: float  # of all processes up to then


def measure(names: Sequence[str], options: Options) -> Iterator[Outcome]:
    """Start and stop the stack again and again, after once that reads the disk."""
    run()
    for _ in range(options.repeats or (3 if options.quick else 10)):
        yield run()


def run() -> Outcome:
    """Start a stack; submit a task as soon as the port answers, and wait for it."""
    with tempfile.TemporaryDirectory(prefix="bench-start-") as folder:
        port, inspector_port = two_ports()
        stack = _stack(Path(folder) / "data", port, inspector_port)
        group = ProcessGroup([stack], Path(folder) / "stack.log")
        began = time.monotonic()
        group.start()
        try:
            task_id = _submit(port, began + START_S)
            accepted_s = time.monotonic() - began
            task = _ask(port, "GET", f"/api/tasks/{task_id}?wait=20")
            done_s = time.monotonic() - began
            if task["status"] != "SUCCESS":
                raise RuntimeError(f"the task is {task}:\n{group.log.read_text()[-3000:]}")
            cpu_s = used_s(group.members())
        finally:
            group.stop()
    return Outcome("duckline", round(accepted_s, 3), round(done_s, 3), round(cpu_s, 2))


def _stack(data: Path, port: int, inspector_port: int) -> Command:
    """`make run` with its defaults, but for ports and folder; gunicorn takes no empty variable."""
    settings = {"PORT": str(port), "INSPECTOR_PORT": str(inspector_port), "DATA_DIR": str(data)}
    demo = {"DEMO_SPEED": "0", "DEMO_FAILURE_RATE": "0", "WEB_CONCURRENCY": "1"}
    environment = {**dict.fromkeys(Config.setting_names(), ""), **settings, **demo}
    return Command([sys.executable, "app.py", "up"], environment, REPOSITORY)


def _submit(port: int, deadline: float) -> str:
    while True:
        try:
            body = json.dumps({**TASK, "payload": PAYLOAD})
            return _ask(port, "POST", "/api/tasks/submit", body)["task_id"]
        except ConnectionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(TRY_EVERY_S)


def _ask(port: int, method: str, path: str, body: str | None = None) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        return json.load(connection.getresponse())
    finally:
        connection.close()


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Medians, and the slowest start."""
    done = [outcome.done_s for outcome in outcomes]
    row = ["Duckline", f"{median(outcome.accepted_s for outcome in outcomes):.2f} s"]
    row += [f"{median(done):.2f} s", f"{max(done):.2f} s"]
    row += [f"{median(outcome.cpu_s for outcome in outcomes):.2f} s"]
    return [["stack", "accepted", "done", "slowest", "CPU until then"], row]


def plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """Accepted and done."""
    times = {"accepted": [o.accepted_s for o in outcomes], "done": [o.done_s for o in outcomes]}
    bars = [Bar(name, median(each), min(each), max(each)) for name, each in times.items()]
    return [Plot("The first task of a new stack", "s", bars)]


MEASUREMENT = Measurement(
    name="start",
    title="The first task",
    explanation=(
        "`python app.py up` with its defaults and its embedded Redis, again and again (10 times, "
        "quick run 3, after one that does not count). A client tries every 10 ms to submit a task "
        "that takes no time, from the moment at which the program is executed, and waits for "
        "SUCCESS. *CPU* is of all processes."
    ),
    systems=("duckline",),
    outcome=Outcome,
    measure=measure,
    rows=rows,
    plots=plots,
    limit=(
        "Python imports: of the web process on one core, and of the consumers' fork server on the "
        "other."
    ),
)
