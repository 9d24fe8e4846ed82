"""The attempt that runs here, for code that needs no more of it: importing this costs nothing."""

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from huey_tasks.execution.attempt import Attempt

current_attempt: ContextVar["Attempt | None"] = ContextVar("current_attempt", default=None)
