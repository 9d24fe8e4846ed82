"""Demo: make a report in stages."""

import datetime as dt
import logging
import uuid
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from huey_tasks.api.task_functions import task
from huey_tasks.execution.current_task import current_task
from huey_tasks.tasks.payment import Identifier
from huey_tasks.tasks.simulation import may_fail, work

logger = logging.getLogger("report")

#: A word, such as "monthly_summary" or "last_30_days".
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]

STAGES = ("collecting data", "computing figures", "drawing charts", "writing the document")


class DateRange(BaseModel):
    """Days from `start` to `end`, both included."""

    model_config = ConfigDict(extra="forbid")

    start: dt.date
    end: dt.date

    @model_validator(mode="after")
    def _in_order(self) -> "DateRange":
        if self.end < self.start:
            raise ValueError("the range ends before it starts")
        return self


@task(
    queue="low",
    retries=2,
    retry_delay=2,
    retry_backoff=2,
    example={
        "report_type": "monthly_summary",
        "user_id": "usr_12345",
        "date_range": "last_30_days",
    },
)
def generate_report(
    report_type: Word,
    user_id: Identifier,
    date_range: Word | DateRange,
) -> dict[str, Any]:
    """Make a report for a range of days, named or from `start` to `end`, in four stages."""
    for done, stage in enumerate(STAGES):
        current_task.progress(done / len(STAGES), stage)
        logger.info("%s", stage)
        work(8 / len(STAGES), 16 / len(STAGES))
        may_fail(0.0, f"a worker of the report service failed while {stage}")
    current_task.progress(1.0, "done")
    report = uuid.uuid5(uuid.NAMESPACE_URL, current_task.id)
    return {
        "status": "generated",
        "report_id": str(report),
        "report_type": report_type,
        "user_id": user_id,
        "date_range": date_range,
        "pages": 3 + len(STAGES),
        "url": f"https://reports.example.com/{report}.pdf",
    }
