"""The errors of functions, as AWS reports them, turned into failures of attempts."""

import re
from typing import Any, cast

from huey_tasks.broker.protocol import Cause
from huey_tasks.execution.fingerprint import cause_without_code
from huey_tasks.execution.reported_error import LastError, ReportedError
from huey_tasks.functions.function import Fault
from huey_tasks.invocations.invocation import Condition

#: Begins what AWS says of a process, but says nothing of the cause.
_REQUEST_ID = re.compile(r"RequestId: \S+ Error: ")


def not_found(arn: str) -> dict[str, Any]:
    """Return the error of a function whose file has gone since it was invoked."""
    text = f"Function not found: {arn}"
    return {"errorMessage": text, "errorType": "ResourceNotFoundException"}


def of_fault(fault: Fault) -> dict[str, Any]:
    """Return the error of a function that cannot be imported, by its files."""
    return {"errorMessage": str(fault), "errorType": fault.type, "requestId": "", "stackTrace": []}


def not_installed(why: str) -> dict[str, Any]:
    """Return the error of a function whose requirements cannot be installed."""
    return {"errorMessage": why, "errorType": "Runtime.ImportModuleError"}


def not_started(why: OSError) -> dict[str, Any]:
    """Return the error of a function for which this machine could not start a process."""
    return {"errorMessage": f"Cannot start the function: {why}", "errorType": "ServiceException"}


def of_answer(error: dict[str, Any], function: str) -> ReportedError:
    """Return what an attempt keeps of an error that a function has answered."""
    kind, message = str(error.get("errorType", "")), str(error.get("errorMessage", ""))
    frames = frames_of(error)
    text = f"{kind}: {message}" if message else kind
    trace = "".join(["Traceback (most recent call last):\n", *frames, text])
    return ReportedError(
        text,
        traceback=trace if frames else None,
        where=_place_of(frames),
        cause=_cause(kind, message, function, _place_of(frames)),
        reported=error,
    )


def frames_of(error: dict[str, Any]) -> list[str]:
    """Return the lines of an error's `stackTrace`; none if that is no list."""
    told = error.get("stackTrace")
    return [str(frame) for frame in cast(list[Any], told)] if isinstance(told, list) else []


def not_run(condition: Condition, function: str) -> LastError:
    """Return the failure of an event that must not run."""
    why = {
        Condition.NO_CONCURRENCY: "its reserved concurrency is 0",
        Condition.TOO_OLD: "it waited longer than its maximum age",
    }[condition]
    error = {"errorType": condition.value, "errorMessage": f"The event was not run: {why}."}
    return LastError(why, of_answer(error, function))


def _cause(kind: str, message: str, function: str, place: str) -> Cause:
    cause = cause_without_code(kind, _REQUEST_ID.sub("", message, count=1), function)
    return cause._replace(frame=place.partition(":")[0]) if place else cause


def _place_of(frames: list[str]) -> str:
    """Return `file.py:12 in function` of the last frame, "" if there is none."""
    if not frames:
        return ""
    head = frames[-1].strip().partition("\n")[0]
    file, _, rest = head.removeprefix('File "').partition('", line ')
    line, _, name = rest.partition(", in ")
    return f"{file.rpartition('/')[2]}:{line} in {name}" if line else ""
