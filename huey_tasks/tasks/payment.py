"""Demo: take a payment."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints

from huey_tasks.api.task_functions import task
from huey_tasks.execution.current_task import current_task
from huey_tasks.tasks.simulation import may_fail, work

Amount = Annotated[
    Decimal, Field(gt=0, max_digits=14, decimal_places=2, json_schema_extra={"multipleOf": 0.01})
]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
# The length is no part of the pattern: 64 times `\w`, all letters there are, takes 6 MB.
Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\w.@:-]+$")]
Identifier = Name | Annotated[int, Field(ge=1)]


@task(
    queue="high",
    retries=3,
    retry_delay=2,
    retry_backoff=2,
    example={"user_id": "usr_12345", "amount": 99.99, "currency": "USD"},
)
def process_payment(
    user_id: Identifier, amount: Amount, currency: Currency
) -> dict[str, str | int]:
    """Charge a user. The task's id is the idempotency key: a repeated attempt charges nothing."""
    work(2, 4)
    may_fail(0.20, "the payment provider timed out")
    return {
        "status": "charged",
        "transaction_id": str(uuid.uuid5(uuid.NAMESPACE_URL, current_task.id)),
        "user_id": user_id,
        "amount": str(amount),
        "currency": currency,
        "charged_at": dt.datetime.now(dt.UTC).isoformat(),
    }
