"""Write the numbers of the queues and of Redis in Prometheus' text format, version 0.0.4.

Names and labels are fixed here; docs/monitor.md lists them, and the dashboard and the alerts in
`deploy` use them. The client library would take 25 microseconds for a line, and a service with many
task types has thousands: they would hold up every other request of the process.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import huey_tasks as tq

_PREFIX = "duckline_"

#: Numbers of a queue: the name, the meaning, and where the number is.
Table = tuple[tuple[str, str, Callable[[tq.QueueTotals], float]], ...]


class Sample(NamedTuple):
    """One number with its labels, as they are written; `suffix` is that of a histogram's part."""

    labels: str
    value: float
    suffix: str = ""


class Family(NamedTuple):
    """A metric: its name without prefix, its type, its meaning and its numbers."""

    name: str
    kind: str
    meaning: str
    samples: Sequence[Sample]


def write(families: Iterable[Family]) -> str:
    """Return the text of some metrics; one without numbers is left out."""
    return "".join(line for family in families if family.samples for line in _lines(family))


def up(value: int) -> Family:
    """Return whether Redis has answered this scrape."""
    return Family("redis_up", "gauge", "Whether Redis answers.", [Sample("", value)])


def of_queues(totals: Sequence[tq.QueueTotals]) -> Iterator[Family]:
    """Yield the metrics of the queues, the same on every web process."""
    takes = not any(one.stats.refuses == "queue_unavailable" for one in totals)
    yield Family(
        "redis_takes_writes", "gauge", "Whether Redis takes writes.", [Sample("", int(takes))]
    )
    yield from _gauges(totals)
    yield from _counters(totals)
    yield from _by_type(totals)


def of_redis(info: Mapping[str, Any]) -> Iterator[Family]:
    """Yield what the server says of itself; what it does not say is left out."""
    for name, kind, field, meaning in _REDIS:
        if field in info:
            yield Family(name, kind, meaning, [Sample("", float(info[field]))])
    for field, name in _REDIS_WRITES:
        if field in info:
            meaning = "Whether the last write of this file worked."
            yield Family(name, "gauge", meaning, [Sample("", int(info[field] == "ok"))])


_REDIS_WRITES = (
    ("aof_last_write_status", "redis_aof_write_ok"),
    ("rdb_last_bgsave_status", "redis_snapshot_ok"),
)
_REDIS = (
    ("redis_memory_used_bytes", "gauge", "used_memory", "Memory that Redis has allocated."),
    (
        "redis_memory_max_bytes",
        "gauge",
        "maxmemory",
        "The limit of Redis' memory, from which on it refuses new tasks; 0: none.",
    ),
    ("redis_clients", "gauge", "connected_clients", "Connections to Redis."),
    (
        "redis_commands_total",
        "counter",
        "total_commands_processed",
        "Commands that Redis has executed.",
    ),
    ("redis_evicted_keys_total", "counter", "evicted_keys", "Keys that Redis has evicted."),
    ("redis_uptime_seconds", "gauge", "uptime_in_seconds", "Time since the start of Redis."),
)


_GAUGES: Table = (
    ("oldest_waiting_seconds", "How long the oldest waiting task has waited; 0: none waits.",
     lambda one: one.stats.oldest_waiting_s or 0),
    ("consumers", "Live consumers.", lambda one: one.stats.consumers),
    ("workers", "Worker slots of the live consumers.", lambda one: one.stats.workers),
    ("leases_overdue", "Leases that ended over 5 s ago, and the task was not recovered.",
     lambda one: one.leases_overdue),
    ("tasks_quarantined", "Tasks that crashed their workers or could not be read.",
     lambda one: one.stats.set_aside),
    ("queue_paused", "Whether an operator has paused the queue.",
     lambda one: int(one.stats.paused)),
    ("queue_draining", "Whether the queue refuses new tasks.",
     lambda one: int(one.stats.draining)),
    ("data_losses", "Losses of accepted tasks that no operator has confirmed.",
     lambda one: len(one.stats.losses)),
)  # fmt: skip


_COUNTERS: Table = (
    ("tasks_recovered_total", "Tasks that were recovered because their lease ended.",
     lambda one: one.recovered),
    ("tasks_released_total", "Tasks that went back to their queue when their worker died.",
     lambda one: one.released),
    ("commits_fenced_total", "Commits that were rejected because the lease was lost.",
     lambda one: one.fenced),
    ("worker_crashes_total", "Attempts during which their worker died.",
     lambda one: one.crashes),
    ("consumer_losses_total", "Attempts during which their consumer was lost.",
     lambda one: one.losses),
)  # fmt: skip


def _gauges(totals: Sequence[tq.QueueTotals]) -> Iterator[Family]:
    yield Family(
        "tasks",
        "gauge",
        "Tasks that have not ended, by state; a STARTED one has a lease.",
        [
            Sample(_labels(queue=one.stats.queue, state=state), number)
            for one in totals
            for state, number in _live(one.stats)
        ],
    )
    for name, meaning, value in _GAUGES:
        samples = [Sample(_labels(queue=one.stats.queue), value(one)) for one in totals]
        yield Family(name, "gauge", meaning, samples)


def _live(stats: tq.QueueStats) -> Iterator[tuple[str, int]]:
    yield "PENDING", stats.queued
    yield "STARTED", stats.active
    yield "RETRY", stats.retry
    yield "SCHEDULED", stats.scheduled


def _counters(totals: Sequence[tq.QueueTotals]) -> Iterator[Family]:
    for name, meaning, value in _COUNTERS:
        samples = [Sample(_labels(queue=one.stats.queue), value(one)) for one in totals]
        yield Family(name, "counter", meaning, samples)


def _by_type(totals: Sequence[tq.QueueTotals]) -> Iterator[Family]:
    types = [
        (_labels(queue=one.stats.queue, task_type=counts.task_type), counts)
        for one in totals
        for counts in one.types
    ]
    yield Family(
        "tasks_submitted_total", "counter", "Tasks that were submitted.",
        [Sample(labels, counts.submitted) for labels, counts in types],
    )  # fmt: skip
    yield Family(
        "tasks_ended_total", "counter", "Tasks that reached a terminal state.",
        [
            Sample(f'{labels},state="{state}"', number)
            for labels, counts in types
            for state, number in counts.ended.items()
        ],
    )  # fmt: skip
    yield Family(
        "tasks_retried_total", "counter", "Failed attempts after which the task is tried again.",
        [Sample(labels, counts.retries) for labels, counts in types],
    )  # fmt: skip
    yield _histogram(
        "task_wait_seconds",
        "Time from when an attempt could start until it did.",
        ((labels, counts.wait) for labels, counts in types),
    )
    yield _histogram(
        "attempt_duration_seconds",
        "Time that an attempt took.",
        ((labels, counts.run) for labels, counts in types),
    )


def _histogram(name: str, meaning: str, found: Iterable[tuple[str, tq.Histogram]]) -> Family:
    samples = [
        sample for labels, histogram in found if histogram.count
        for sample in _parts(labels, histogram)
    ]  # fmt: skip
    return Family(name, "histogram", meaning, samples)


def _parts(labels: str, histogram: tq.Histogram) -> Iterator[Sample]:
    for edge, count in zip(_EDGES, histogram.counts, strict=True):
        yield Sample(f'{labels},le="{edge}"', count, "_bucket")
    yield Sample(f'{labels},le="+Inf"', histogram.count, "_bucket")
    yield Sample(labels, histogram.sum_s, "_sum")
    yield Sample(labels, histogram.count, "_count")


_EDGES = tuple(f"{edge:.6g}" for edge in tq.EDGES_S)


def _labels(**labels: str) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _lines(family: Family) -> Iterator[str]:
    name = _PREFIX + family.name
    yield f"# HELP {name} {family.meaning}\n# TYPE {name} {family.kind}\n"
    for labels, value, suffix in family.samples:
        yield f"{name}{suffix}{{{labels}}} {value}\n" if labels else f"{name}{suffix} {value}\n"
