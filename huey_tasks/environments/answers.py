"""What an environment answers to an invocation, and AWS's words for what can go wrong.

The status of an invocation is 200 whatever the function does: an error of the function is a
payload, `{"errorMessage", "errorType", …}`. The texts are those of AWS Lambda.
"""

import math
import signal
from dataclasses import dataclass
from typing import Any

#: Bytes. AWS's limit for the answer of a synchronous invocation, which is 100 above the request's.
MAX_ANSWER_BYTES = 6_291_556


@dataclass(frozen=True)
class Usage:
    """What one invocation took: milliseconds, and megabytes at its peak (None if not known)."""

    duration_ms: float
    cpu_ms: float | None
    max_memory_mb: int | None

    @property
    def billed_ms(self) -> int:
        """What AWS would bill: the duration as it is shown, rounded up."""
        return math.ceil(round(self.duration_ms, 2))


@dataclass(frozen=True)
class Answer:
    """The answer of a function: its body, or the error that takes its place.

    `is_spent`: the process is gone, or in a state in which it can run nothing more. `in_pieces`:
    the function has written it piece by piece.
    """

    body: bytes
    error: dict[str, Any] | None
    usage: Usage
    is_spent: bool = False
    in_pieces: bool = False


def timed_out(request_id: str, after_s: float) -> dict[str, Any]:
    """Return the error of a function that ran past its time limit; it has two keys only."""
    text = f"RequestId: {request_id} Error: Task timed out after {after_s:.2f} seconds"
    return {"errorType": "Sandbox.Timedout", "errorMessage": text}


def exited(request_id: str, code: int) -> dict[str, Any]:
    """Return the error of a process that has ended; `code` is negative for a signal."""
    if code == 0:
        why = "Runtime exited without providing a reason"
    elif code > 0:
        why = f"Runtime exited with error: exit status {code}"
    else:
        why = f"Runtime exited with error: signal: {_signal_word(-code)}"
    return {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request_id} Error: {why}",
    }


def too_large() -> dict[str, Any]:
    """Return the error of an answer that is larger than AWS passes on."""
    text = (
        f"Response payload size exceeded maximum allowed payload size ({MAX_ANSWER_BYTES} bytes)."
    )
    return {"errorMessage": text, "errorType": "Function.ResponseSizeTooLarge"}


def _signal_word(number: int) -> str:
    """Return a signal as Go's runtime, and so AWS, names it."""
    words = {9: "killed", 11: "segmentation fault", 6: "aborted", 15: "terminated"}
    if number in words:
        return words[number]
    return signal.Signals(number).name if number in set(signal.Signals) else str(number)
