"""Everything that can be measured, in the order of the report."""

from typing import Any

from benchmarks.measurements import (
    bulk,
    client,
    crash,
    crowd,
    drain,
    efficiency,
    functions,
    greenlets,
    growth,
    idle,
    latency,
    memory,
    mixed,
    scaling,
    slowlog,
    sockets,
    start,
    submit,
)
from benchmarks.measurements.measurement import Measurement

MEASUREMENTS: dict[str, Measurement[Any]] = {
    one.name: one
    for one in (
        drain.MEASUREMENT,
        scaling.MEASUREMENT,
        efficiency.MEASUREMENT,
        submit.MEASUREMENT,
        crowd.MEASUREMENT,
        bulk.MEASUREMENT,
        client.MEASUREMENT,
        latency.MEASUREMENT,
        mixed.MEASUREMENT,
        crash.MEASUREMENT,
        growth.MEASUREMENT,
        slowlog.MEASUREMENT,
        memory.MEASUREMENT,
        idle.MEASUREMENT,
        start.MEASUREMENT,
        greenlets.MEASUREMENT,
        sockets.MEASUREMENT,
        functions.MEASUREMENT,
    )
}
