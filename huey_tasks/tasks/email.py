"""Demo: send an e-mail."""

import logging
import re
import uuid
from typing import Annotated

from email_validator import SPECIAL_USE_DOMAIN_NAMES
from pydantic import (
    EmailStr,
    Field,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from huey_tasks.api.task_functions import task
from huey_tasks.execution.current_task import current_task
from huey_tasks.tasks.simulation import may_fail, work

logger = logging.getLogger("mail")

Line = Annotated[
    str, StringConstraints(min_length=1, max_length=998, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Text = Annotated[str, StringConstraints(max_length=100_000, pattern=r"^[^\x00]*$")]

_PLAIN = re.compile(
    r"[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+(?P<top>[a-z]{2,63})"
)
_SPECIAL = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)


def _check_unless_plain(address: object, check: ValidatorFunctionWrapHandler) -> str:
    """Call the library only for unusual addresses: it takes longer than the rest of a submit."""
    if isinstance(address, str) and _short(address):
        plain = _PLAIN.fullmatch(address)
        if plain and plain["top"] not in _SPECIAL:
            return address
    return check(address)


def _short(address: str) -> bool:
    local, _, domain = address.partition("@")
    return (
        len(local) <= 64 and len(domain) <= 63
    )  # then each label of the domain is short enough too


Address = Annotated[EmailStr, WrapValidator(_check_unless_plain), Field(max_length=320)]


@task(
    queue="high",
    retries=5,
    retry_delay=2,
    retry_backoff=2,
    example={
        "to": "user@example.com",
        "subject": "Welcome aboard!",
        "body": "Thanks for signing up.",
    },
)
def send_email(to: Address, subject: Line, body: Text) -> dict[str, str]:
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
