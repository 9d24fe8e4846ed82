"""Duckline's driver for `growth`: fills a queue with what its own scripts write, and times verbs.

Tasks finish by steps with the commits that a worker would send; no worker runs.
"""

import json
import os
import sys
import time
from pathlib import Path

import work

import huey_tasks as tq
from huey_tasks import serializer
from huey_tasks.broker.protocol import Claim, Commit
from huey_tasks.broker.step import Step
from huey_tasks.execution.batching import MOST
from huey_tasks.records.ids import new_ids
from huey_tasks.registry import types
from web.tasks.bulk_routes import CHUNK

QUEUE = tq.default
SCRIPTS = QUEUE.broker.scripts
FILL = 500
#: As many as one step of a worker may claim, and as one bulk submit stores at a time.
STEP, BULK = MOST, CHUNK
#: Bulks that hold tasks for more than two steps.
BULKS = 3


class Worker:
    """Steps as a worker's slot sends them: commits with their outcomes, and the next claim."""

    def __init__(self, name):
        self.name, self.sequence, self.held = f"bench/{name}/{os.urandom(4).hex()}", 0, []

    def step(self, want):
        blob = serializer.dumps({"result": {"n": 1000}})
        self.sequence += 1
        step = Step(
            QUEUE.name,
            self.name,
            self.sequence,
            [Commit(claim.id, claim.token, "SUCCESS") for claim in self.held],
            want=want,
            lease_ms=3_600_000,
            ttl_ms=QUEUE.broker.ttl_ms,
            databases=QUEUE.broker.databases,
            outcomes=[blob] * len(self.held),
            worth='{"noop":0}',
        )
        self.held = [Claim.read(claim) for claim in SCRIPTS.step(step).claims]
        return len(self.held)


def fill(count):
    for start in range(0, count, FILL):
        SCRIPTS.submit(QUEUE.name, new_tasks(start, min(FILL, count - start)))


def new_tasks(start, count):
    noop = types.get("noop")
    return [
        noop.new_task(task_id, QUEUE.name, work.payload(start + n))
        for n, task_id in enumerate(new_ids(count))
    ]


def finish(count):
    worker = Worker("finish")
    while count > 0:
        claimed = worker.step(min(FILL, count))
        if not claimed:
            raise SystemExit(f"{count} tasks to be finished are not there")
        count -= claimed
    worker.step(0)


WORKER = Worker("claim")


class Watch:
    """Times calls by verb: milliseconds here, and microseconds of processor time in Redis."""

    def __init__(self):
        self.took = {}
        server = tq.default.broker.redis.info("server")["process_id"]
        self.schedstat = Path(f"/proc/{server}/schedstat")

    def cpu_us(self):
        return int(self.schedstat.read_text().split()[0]) / 1000

    def __call__(self, verb, call, *arguments, **named):
        cpu_us, begun = self.cpu_us(), time.perf_counter()
        answer = call(*arguments, **named)
        ms = 1000 * (time.perf_counter() - begun)
        self.took.setdefault(verb, []).append((ms, self.cpu_us() - cpu_us))
        return answer


def rounds(count):
    """Every verb so often; what waits stays as much as it was."""
    timed = Watch()
    for n in range(count):
        kept = timed("submit", tq.submit, "noop", work.payload(n)).task_id
        timed("claim", WORKER.step, 1)
        timed("get_task", tq.get_task, kept)
        timed("stats", tq.stats)
        timed("list page", tq.list_tasks, limit=50)
        other = tq.submit("noop", work.payload(n)).task_id
        timed("cancel", tq.cancel, other)
    return timed.took


def large():
    """The largest scripts that the engine itself sends; what waits stays as much as it was."""
    timed, worker, left = Watch(), Worker("large"), BULKS * BULK
    for _ in range(BULKS):
        timed(f"submit of {BULK}", SCRIPTS.submit, QUEUE.name, new_tasks(0, BULK))
    while left:
        left -= timed(f"step of {STEP}", worker.step, min(STEP, left))
    worker.step(0)
    # The first had nothing to commit and the last little to claim.
    timed.took[f"step of {STEP}"] = timed.took[f"step of {STEP}"][1:-1]
    return timed.took


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        question = json.loads(line)
        match question.pop("do"):
            case "fill":
                fill(**question)
                answer = {}
            case "finish":
                finish(**question)
                answer = {}
            case "rounds":
                answer = rounds(**question)
            case "large":
                answer = large()
            case _:
                answer = {}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


main()
