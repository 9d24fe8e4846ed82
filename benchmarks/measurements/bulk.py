"""Bulk submits: tasks per second that one client, or two at a time, get accepted.

Each body holds 10,000 `send_email` tasks, which are read, checked and stored one by one; the answer
is read to its end and its lines are counted.
"""

import http.client
import itertools
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.arithmetic import spread
from benchmarks.measurements.measurement import Bar, Measurement, Options, Plot
from benchmarks.measurements.submit import START_S, answers
from benchmarks.private_redis import PrivateRedis, free_port
from benchmarks.processes import ProcessGroup, cpu_s
from benchmarks.run import wait
from benchmarks.services import SERVICES
from benchmarks.systems.system import Place

TASKS = 10_000
CLIENTS = (1, 2)
JSON, NDJSON = "application/json", "application/x-ndjson"
FORMS = {JSON: "JSON array", NDJSON: "NDJSON"}


@dataclass(frozen=True)
class Outcome:
    """Bulks in one form, sent by a number of clients at a time."""

    system: str
    media: str
    clients: int
    tasks: int
    per_second: float
    cpu_us: float  # microseconds of processor time a task, web processes and Redis


def measure(names: Sequence[str], options: Options) -> Iterator[Outcome]:
    """Send bulks in each form, by one client and by two, in turn."""
    rounds, repeats = (2, 2) if options.quick else (5, 5)
    for _ in range(options.repeats or repeats):
        for name, media, clients in itertools.product(names, FORMS, CLIENTS):
            yield run(name, media, clients, rounds)


def run(name: str, media: str, clients: int, rounds: int) -> Outcome:
    """Let each client send a number of bulks, after one that warms up."""
    service = SERVICES[name]
    with (
        tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder,
        PrivateRedis(Path(folder)) as redis,
        ThreadPoolExecutor(clients) as pool,
    ):
        place, port = Place(redis, Path(folder)), free_port()
        web = ProcessGroup([service.command(place, port)], place.folder / "web.log")
        web.start()
        try:
            if not wait(lambda: answers(port), START_S):
                web.require_alive()
            send = partial(_send, port, media, _body(media))
            list(pool.map(send, range(clients)))
            members = [*web.members(), redis.process]
            before_s, begun_at = cpu_s(members), time.monotonic()
            accepted = sum(pool.map(send, range(clients * rounds)))
            took_s, used_s = time.monotonic() - begun_at, cpu_s(members) - before_s
            if service.stored(place) != accepted + clients * TASKS:
                raise RuntimeError(f"{accepted} accepted, {service.stored(place)} are in Redis")
        finally:
            web.stop()
    return Outcome(
        system=name,
        media=media,
        clients=clients,
        tasks=accepted,
        per_second=round(accepted / took_s, 1),
        cpu_us=round(1e6 * used_s / accepted, 1),
    )


def _body(media: str) -> bytes:
    tasks = [
        json.dumps(
            {
                "task_type": "send_email",
                "payload": {
                    "to": f"customer-{number:06}@example.org",
                    "subject": f"Your order {number:06} has left our house",
                    "body": "It will be with you in two or three days. Thank you for buying!",
                },
            }
        )
        for number in range(TASKS)
    ]
    text = "\n".join(tasks) if media == NDJSON else "[" + ",".join(tasks) + "]"
    return text.encode()


def _send(port: int, media: str, body: bytes, number: int) -> int:
    """Send one bulk; returns how many tasks were accepted. Raises RuntimeError for fewer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/api/tasks/bulk", body, {"Content-Type": media})
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    lines = text.splitlines() if media == NDJSON else json.loads(text)
    answers = [json.loads(line) if isinstance(line, str) else line for line in lines]
    if answer.status != 207 or len(answers) != TASKS or any("code" in line for line in answers):
        raise RuntimeError(
            f"bulk {number}: not every task was accepted: {answer.status} {text[:200]}"
        )
    return len(answers)


def _groups(outcomes: Sequence[Outcome]) -> dict[tuple[str, int], list[Outcome]]:
    groups: dict[tuple[str, int], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault((outcome.media, outcome.clients), []).append(outcome)
    return groups


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Medians and spread."""
    table = [["form", "clients", "tasks/s", "spread", "CPU a task"]]
    for (media, clients), group in _groups(outcomes).items():
        rates = [outcome.per_second for outcome in group]
        cpu_us = median(outcome.cpu_us for outcome in group)
        row = [FORMS[media], str(clients), f"{median(rates):,.0f}", spread(rates)]
        table.append([*row, f"{cpu_us:,.0f} µs"])
    return table


def plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """Tasks per second."""
    bars: list[Bar] = []
    for (media, clients), group in _groups(outcomes).items():
        rates = [outcome.per_second for outcome in group]
        label = f"{FORMS[media]}, {clients} at a time"
        bars.append(Bar(label, median(rates), min(rates), max(rates)))
    return [Plot("Bulk submits", "tasks/s", bars)]


MEASUREMENT = Measurement(
    name="bulk",
    title="Bulk submits",
    explanation=(
        f"`POST /api/tasks/bulk` with {TASKS:,} `send_email` tasks a body, each read, checked and "
        "stored on its own, from one client and from two at a time, to 2 web processes. The answer "
        "is read to its end; what was accepted is counted in Redis afterwards."
    ),
    systems=("duckline",),
    outcome=Outcome,
    measure=measure,
    rows=rows,
    plots=plots,
    overview=("duckline",),
    limit=(
        "The web process, which reads and checks each task against the hints of its type, and "
        "Redis, which stores 100 of them in a call."
    ),
)
