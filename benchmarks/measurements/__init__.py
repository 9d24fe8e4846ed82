"""Everything that can be measured, in the order of the report."""

from typing import Any

from benchmarks.measurements import (
    bulk,
    client,
    crash,
    crowd,
    drain,
    functions,
    greenlets,
    growth,
    idle,
    latency,
    memory,
    mixed,
    sockets,
    submit,
)
from benchmarks.measurements.measurement import Measurement

MEASUREMENTS: dict[str, Measurement[Any]] = {
    one.name: one
    for one in (
        drain.MEASUREMENT,
        submit.MEASUREMENT,
        crowd.MEASUREMENT,
        bulk.MEASUREMENT,
        client.MEASUREMENT,
        latency.MEASUREMENT,
        mixed.MEASUREMENT,
        crash.MEASUREMENT,
        growth.MEASUREMENT,
        memory.MEASUREMENT,
        idle.MEASUREMENT,
        greenlets.MEASUREMENT,
        sockets.MEASUREMENT,
        functions.MEASUREMENT,
    )
}
