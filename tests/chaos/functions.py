"""`python -m tests.chaos.functions`: functions under `kill -9`; status 0 is PASS, 1 is FAIL.

First events, each with a destination for its success and its failure, while each second a random
process is killed: an environment, the pool that runs functions, the function host, or the consumer.
Each event must end once, and have exactly one record. Then events of a function with a reserved
concurrency of one, all at once: all must end, never two at the same time.
"""

import argparse
import collections
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from benchmarks.private_redis import PrivateRedis

REPOSITORY = Path(__file__).resolve().parents[2]

#: Seconds within which everything must have ended.
PATIENCE_S = 600.0

#: Seconds between two kills, and two looks.
PAUSE_S = 1.0

#: The functions: their code, and their settings.
FUNCTIONS = {
    "work": (
        "import time\n"
        "def handler(event, context):\n"
        "    time.sleep(event['s'])\n"
        "    if event['fails']: raise ValueError(event['number'])\n"
        "    return event['number']\n",
        'on_success = "succeeded"\non_failure = "failed"',
    ),
    "succeeded": ("def handler(event, context): return event['requestContext']\n", ""),
    "failed": ("def handler(event, context): return event['requestContext']\n", ""),
    "alone": (
        "import pathlib, time\n"
        "def handler(event, context):\n"
        "    inside = pathlib.Path(event)\n"
        "    inside.mkdir()\n"  # a second one inside fails
        "    time.sleep(0.001)\n"
        "    inside.rmdir()\n",
        "reserved_concurrency = 1\nretries = 0",
    ),
}

#: Kinds of processes, and how often each is killed: a new consumer needs seconds until it runs
#: functions again, and if it died each second, nothing would ever be killed that works.
KINDS = {"environment": 4, "pool": 2, "host": 1, "consumer": 1}

#: How a kind of process is known by its command line, beside the consumer that was started.
_POOL, _ENVIRONMENT = "greenlet_pool", "bootstrap.py"


class Stage:
    """A consumer that is started again whenever it has died, and what runs below it."""

    def __init__(self, folder: Path) -> None:
        self._log = (folder / "consumer.log").open("ab")
        self._consumer = self._start()

    def _start(self) -> psutil.Popen:
        command = [sys.executable, "app.py", "consumer", "default"]
        return psutil.Popen(
            command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )

    def kill_one(self, kinds: random.Random) -> str:
        """Kill a process of a random kind, if one is there; returns the kind, or "none"."""
        if self._consumer.poll() is not None:
            self._consumer = self._start()
        found = collections.defaultdict[str, list[psutil.Process]](list)
        found["consumer"].append(self._consumer)
        for process in self._consumer.children(recursive=True):
            try:
                command = " ".join(process.cmdline())
                if _ENVIRONMENT in command:
                    found["environment"].append(process)
                elif _POOL in command:
                    found["pool"].append(process)
                    parent = process.parent()
                    if parent is not None and parent.pid != self._consumer.pid:
                        found["host"].append(parent)
            except psutil.Error:  # it has ended meanwhile
                continue
        kind = kinds.choices(list(KINDS), list(KINDS.values()))[0]
        try:
            kinds.choice(found[kind]).kill()
        except (IndexError, psutil.NoSuchProcess):  # none of that kind is there
            return "none"
        if kind == "consumer":
            self._consumer.wait()
            self._consumer = self._start()
        return kind

    def stop(self) -> None:
        """Stop the consumer."""
        self._consumer.terminate()
        self._consumer.wait(30)


def _until_all_ended(tq: Any, each: Callable[[], object]) -> float:
    """Call `each` every second until no task is left; returns the seconds. Raises TimeoutError."""
    begin = time.monotonic()
    while left := sum(map(tq.stats().total, ("queued", "active", "scheduled", "retry"))):
        if time.monotonic() - begin > PATIENCE_S:
            raise TimeoutError(f"{left} tasks have not ended within {PATIENCE_S:g} s")
        each()
        time.sleep(PAUSE_S)
    return time.monotonic() - begin


def _tasks(tq: Any, task_type: str) -> list[Any]:
    """Return all tasks of a type."""
    found, cursor = [], None
    while True:
        page = tq.search_tasks(type=task_type, limit=100, cursor=cursor)
        found += page.tasks
        if (cursor := page.next_cursor) is None:
            return found


def _kills(tq: Any, stage: Stage, number: int, seed: int) -> list[str]:
    """Send events and kill processes until all have ended; returns what is wrong."""
    chance = random.Random(seed)
    events = [
        {"number": each, "fails": each % 3 == 0, "s": round(chance.uniform(0.01, 0.4), 3)}
        for each in range(number)
    ]
    sent = {tq.invoke_function("work", event).task_id: event for event in events}
    kills = collections.Counter[str]()

    took_s = _until_all_ended(tq, lambda: kills.update([stage.kill_one(chance)]))
    records = {name: _tasks(tq, name) for name in ("succeeded", "failed")}
    said = collections.Counter[str]()
    wrong = list[str]()
    for name, tasks in records.items():
        for record in tasks:
            task_id = tq.get_task(record.task_id).payload["requestContext"]["requestId"]
            said[task_id] += 1
            state = tq.get_task(task_id).status
            if (state == "SUCCESS") != (name == "succeeded"):
                wrong.append(f"{task_id} ended as {state} and has a record in '{name}'")
            if record.status != "SUCCESS":
                wrong.append(f"the record {record.task_id} of {task_id} ended as {record.status}")
    states, unlucky = collections.Counter[str](), 0
    for task_id, event in sent.items():
        task = tq.get_task(task_id)
        states[task.status] += 1
        unlucky += task.status == "FAILURE" and not event["fails"]
        if task.status == "SUCCESS" and event["fails"]:
            wrong.append(f"{task_id} fails, and ended as SUCCESS")
        if said[task_id] != 1:
            wrong.append(f"{task_id}, {task.status} ({task.error}), has {said[task_id]} records")
    print(f"{number} events ended in {took_s:.0f} s: {dict(states)}; {unlucky} of the failures are")
    print(f"those of a process that was killed three times; {said.total()} records;", dict(kills))
    return wrong


def _alone(tq: Any, folder: Path, number: int) -> list[str]:
    """Send events at once to a function of which one may run at a time; returns what is wrong."""
    inside = str(folder / "inside")
    begin = time.monotonic()
    sent = [tq.invoke_function("alone", inside).task_id for _ in range(number)]
    sent_s = time.monotonic() - begin
    _until_all_ended(tq, lambda: None)
    took_s = time.monotonic() - begin
    each_ms = 1000 * took_s / number
    print(f"{number} events, sent in {sent_s:.1f} s, one at a time: {took_s:.1f} s in all,")
    print(f"{each_ms:.1f} ms each")
    ends = collections.Counter((tq.get_task(each).status, tq.get_task(each).error) for each in sent)
    return [f"{count} ended as {end}" for end, count in ends.items() if end[0] != "SUCCESS"]


def main(argv: list[str]) -> int:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.functions", description=__doc__)
    parser.add_argument("--events", type=int, default=300, help="under kills (%(default)s)")
    parser.add_argument("--alone", type=int, default=1000, help="one at a time (%(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="duckline-functions-") as name:
        folder = Path(name)
        functions = folder / "functions"
        functions.mkdir()
        for each, (code, _) in FUNCTIONS.items():
            (functions / f"{each}.py").write_text(code)
        settings = "".join(f"[{each}]\n{of}\n" for each, (_, of) in FUNCTIONS.items())
        (functions / "functions.toml").write_text(settings)
        with PrivateRedis(folder, appendfsync="always") as server:
            os.environ |= {
                "REDIS_URL": server.url(0), "RESULT_REDIS_URL": server.url(1), "TASKS": "",
                "FUNCTIONS_PATH": str(functions), "DATA_DIR": str(folder / "data"),
                "LAMBDA_RETRY_DELAY_S": "0.5", "LOG_FORMAT": "json",
            }  # fmt: skip
            import huey_tasks as tq  # it reads the environment

            stage, wrong = Stage(folder), list[str]()
            try:
                if arguments.events:
                    wrong += _kills(tq, stage, arguments.events, arguments.seed)
                if arguments.alone:
                    wrong += _alone(tq, folder, arguments.alone)
            finally:
                stage.stop()
            log = (folder / "consumer.log").read_text(errors="replace")
    wrong += [line for line in log.splitlines() if "Traceback" in line]
    print(json.dumps(wrong, indent=1), f"seed {arguments.seed}: {'FAIL' if wrong else 'PASS'}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
