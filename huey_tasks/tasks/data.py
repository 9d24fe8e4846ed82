"""Demo: copy records from one place to another, in batches."""

import logging
from typing import Annotated

from pydantic import Field, StringConstraints

from huey_tasks.api.task_functions import task
from huey_tasks.execution.current_task import current_task
from huey_tasks.tasks.simulation import may_fail, work

logger = logging.getLogger("pipeline")

BATCHES = 10

Place = Annotated[
    str, StringConstraints(min_length=1, max_length=1024, pattern=r"^[^\x00-\x1f\x7f]*$")
]


@task(
    queue="low",
    retries=2,
    retry_delay=2,
    retry_backoff=2,
    example={
        "source": "s3://bucket/input",
        "destination": "s3://bucket/output",
        "record_count": 1000,
    },
)
def data_pipeline(
    source: Place, destination: Place, record_count: Annotated[int, Field(ge=1, le=2**53)]
) -> dict[str, str | int]:
    """Copy records from a source to a destination, in ten batches."""
    for batch in range(BATCHES):
        moved = record_count * batch // BATCHES
        current_task.progress(batch / BATCHES, f"{moved:,} of {record_count:,} records")
        work(10 / BATCHES, 20 / BATCHES)
        may_fail(0.0, f"batch {batch + 1} was refused by {destination}")
    current_task.progress(1.0, f"{record_count:,} of {record_count:,} records")
    logger.info("moved %s records from %s to %s", record_count, source, destination)
    return {
        "status": "completed",
        "source": source,
        "destination": destination,
        "records": record_count,
        "batches": BATCHES,
    }
