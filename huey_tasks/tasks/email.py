"""Demo: sending an e-mail."""

import logging
import uuid
from typing import Annotated

from pydantic import EmailStr, Field, StringConstraints

from huey_tasks.attempt import current_task
from huey_tasks.registry import task
from huey_tasks.tasks.simulation import may_fail, work

logger = logging.getLogger("mail")

Line = Annotated[
    str, StringConstraints(min_length=1, max_length=998, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Text = Annotated[str, StringConstraints(max_length=100_000, pattern=r"^[^\x00]*$")]


@task(
    queue="high",
    retries=5,
    retry_delay=2,
    retry_backoff=2,
    example={
        "to": "ada@example.com",
        "subject": "Your invoice",
        "body": "Dear Ada, the invoice is attached.",
    },
)
def send_email(
    to: Annotated[EmailStr, Field(max_length=320)], subject: Line, body: Text
) -> dict[str, str]:
    """Send an e-mail."""
    logger.info("connecting to the mail server, attempt %s", current_task.attempt)
    work(1, 3)
    may_fail(0.10, "the mail server closed the connection")
    return {
        "status": "sent",
        "to": to,
        "subject": subject,
        "message_id": f"<{uuid.uuid5(uuid.NAMESPACE_URL, current_task.id)}@mail.example.com>",
    }
