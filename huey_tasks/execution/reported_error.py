"""An error that happened elsewhere, in the process of a function, and is reported here."""

from typing import Any

from huey_tasks.broker.protocol import Cause
from huey_tasks.execution.retry_rules import Fail


class ReportedError(Exception):
    """What a failed attempt keeps: its text, its traceback and place, and the error as reported."""

    def __init__(
        self,
        text: str,
        *,
        traceback: str | None,
        where: str,
        cause: Cause,
        reported: dict[str, Any],
    ) -> None:
        super().__init__(text)
        self.text, self.traceback = text, traceback
        self.where, self.cause, self.reported = where, cause, reported


class LastError(ReportedError, Fail):
    """A reported error after which no attempt follows, for a reason beside the error."""

    def __init__(self, why: str, error: ReportedError) -> None:
        super().__init__(
            error.text,
            traceback=error.traceback,
            where=error.where,
            cause=error.cause,
            reported=error.reported,
        )
        self.remark = f"not tried again: {why}"  # pyright: ignore[reportIncompatibleVariableOverride]
