"""What a task costs in the memory of Redis: while it waits, and when it is finished with a result.

Each system's own client submits, its own workers finish. What connections and the append-only
file's buffers hold is taken off.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.arithmetic import times
from benchmarks.measurements.measurement import Bar, Measurement, Options, Plot
from benchmarks.private_redis import PrivateRedis
from benchmarks.run import a_run
from benchmarks.systems import SYSTEMS, chosen
from benchmarks.systems.system import Profile, System

#: Finished before the count begins, so that what there is only once is there.
WARM_UP = 20

PROCESSES = 2
TIMEOUT_S = 300.0


@dataclass(frozen=True)
class Outcome:
    """One system."""

    system: str
    tasks: int
    waiting_bytes: float
    finished_bytes: float


def used_bytes(redis: PrivateRedis) -> float:
    """What Redis holds for its data, all databases together."""
    info = redis.client().info("memory")
    return info["used_memory"] - info["mem_clients_normal"] - info["mem_aof_buffer"]


def measure(names: Sequence[str], options: Options) -> Iterator[Outcome]:
    """Run each system once; memory does not vary."""
    for system in chosen(names):
        yield run(system, 2000 if options.quick else 10_000)


def run(system: System, count: int) -> Outcome:
    """Let `count` tasks wait, then finish."""
    with a_run(system, PROCESSES, Profile.SHORT) as running:
        running.driver.fill("noop", WARM_UP)
        running.workers.start()
        running.wait_until_finished(WARM_UP, TIMEOUT_S)
        running.workers.stop()
        before = used_bytes(running.place.redis)
        running.driver.fill("noop", count)
        waiting = used_bytes(running.place.redis)
        running.workers.start()
        running.wait_until_finished(WARM_UP + count, TIMEOUT_S)
        running.workers.stop()
        finished = used_bytes(running.place.redis)
    return Outcome(
        system=system.name,
        tasks=count,
        waiting_bytes=round((waiting - before) / count, 1),
        finished_bytes=round((finished - before) / count, 1),
    )


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Bytes, and how many times theirs is ours."""
    ours = next((outcome for outcome in outcomes if outcome.system == "duckline"), None)
    table = [["system", "waiting", "theirs is", "finished", "theirs is"]]
    for one in outcomes:
        row = [SYSTEMS[one.system].title, f"{one.waiting_bytes:,.0f} B"]
        row += [times(one.waiting_bytes, ours.waiting_bytes) if ours else ""]
        row += [f"{one.finished_bytes:,.0f} B"]
        table.append([*row, times(one.finished_bytes, ours.finished_bytes) if ours else ""])
    return table


def plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """Bytes of a waiting and of a finished task."""
    found: list[Plot] = []
    for title, what in (("waiting", "waiting_bytes"), ("finished", "finished_bytes")):
        sizes = [(SYSTEMS[one.system].title, float(getattr(one, what))) for one in outcomes]
        bars = [Bar(name, size, size, size) for name, size in sizes]
        found.append(Plot(f"Memory of Redis a {title} task", "bytes", bars))
    return found


MEASUREMENT = Measurement(
    name="memory",
    title="Memory of Redis a task",
    explanation=(
        "10,000 tasks (quick run 2,000) submitted by the system's own client, then finished by its "
        "own workers with their results stored: growth of Redis' memory by task, without what "
        "connections and the buffer of the append-only file hold."
    ),
    systems=("duckline", "bullmq", "huey", "celery"),
    outcome=Outcome,
    measure=measure,
    rows=rows,
    plots=plots,
    limit=(
        "The record of a task is a hash of about ten fields. All systems here run on a Redis with "
        "`hash-max-listpack-value 1024`, as `make run` and the compose file have it: a hash whose "
        "values are no longer is one piece of memory. With Redis' default of 64 bytes our task "
        "takes 1.6 times as much (docs/adr/0128)."
    ),
)
