"""The errors of a function, as AWS's runtime for Python reports and logs them.

Runs in the process of a function, beside `bootstrap.py`, and imports nothing of this project. A
function may raise anything and may do anything to its streams: neither keeps an error from its
caller.
"""

import contextlib
import sys
import traceback
from pathlib import Path
from typing import Any

Message = dict[str, Any]

_OURS = Path(__file__).parent

_WITHOUT_FRAMES = (
    "Runtime.ImportModuleError",
    "Runtime.HandlerNotFound",
    "Runtime.UserCodeSyntaxError",
)


def text_of(error: BaseException) -> str:
    """Return what an exception says; of one that cannot say it, what Python shows in its place."""
    try:
        return str(error)
    except Exception:
        return "<exception str() failed>"


def error_of(error: BaseException, request_id: str, kind: str = "", text: str = "") -> Message:
    """Return an exception as AWS's runtime reports it, with the frames of the user's code."""
    frames = traceback.extract_tb(error.__traceback__)
    while frames and Path(frames[0].filename).parent == _OURS:
        del frames[0]
    return {
        "errorMessage": text or text_of(error),
        "errorType": kind or type(error).__name__,
        "requestId": request_id,
        "stackTrace": [] if kind in _WITHOUT_FRAMES else traceback.format_list(frames),
    }


def log_error(error: Message) -> None:
    """Write an error to the log as AWS's runtime does, past what has become of sys.stdout."""
    lines = [f"[ERROR] {error['errorType']}: {error['errorMessage']}\n"]
    if error["stackTrace"]:
        lines += ["Traceback (most recent call last):\n", *error["stackTrace"]]
    flush()
    with (
        contextlib.suppress(OSError),  # the function has closed it, so there is no log
        open(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False) as log,
    ):
        log.writelines(lines)


def flush() -> None:
    """Bring what was printed into the pipe, before the answer says that all is there."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # closed, or whatever the function has put there
            stream.flush()
