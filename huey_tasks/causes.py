"""Why a task failed, told so that failures with one cause have one fingerprint.

A cause is the type of the exception, the place in the task's own code, and the message without what
differs from case to case: numbers, ids, quoted parts. A message may be hostile: it is bounded
before it is looked at, and what cannot be printed is escaped. Knows no key and no task.
"""

import functools
import hashlib
import re
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import huey
from huey.exceptions import TaskTimeout

from huey_tasks.plain_text import escaped
from huey_tasks.protocol import Cause

#: Characters of a message that are looked at, of the message of a cause, and of a name in it.
LOOK_CHARS, MESSAGE_CHARS, NAME_CHARS = 1000, 300, 200

_OURS = Path(__file__).resolve().parent
_PATHS = sysconfig.get_paths()
_LIBRARIES = tuple(
    f"{Path(folder).resolve()}/"
    for folder in (_PATHS["stdlib"], _PATHS["platstdlib"], *huey.__path__)
)

_URL = re.compile(r"\w{2,10}://\S+")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,64}")
_QUOTED = re.compile(r"""(?<!\w)(['"`]).*?\1(?!\w)""")
_OPEN_QUOTE = re.compile(r"""(?<!\w)['"`][^'"`]*\Z""")
_UUID = re.compile(r"(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_TOKEN = re.compile(r"[\w+/=-]{20,}")
_WITH_DIGIT = re.compile(r"[^\W_]*\d[^\W_]*")
_NUMBERS = re.compile(r"(?:(?<!\w)[-+])?#(?:[.,:/-]+#)*")


def cause_of(error: BaseException) -> Cause:
    """The cause of an attempt that ended with this exception."""
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__.partition(".")[0] not in ("builtins", "huey", "huey_tasks"):
        name = f"{kind.__module__}.{name}"
    frames = [code for code in _codes(error) if _is_own(code.co_filename)]
    if not frames and error.__cause__ is not None:  # ours, raised from one of the task's
        frames = [code for code in _codes(error.__cause__) if _is_own(code.co_filename)]
    # Where a time limit strikes is chance; which task it struck is not.
    frame = "" if not frames else _place(frames[0 if isinstance(error, TaskTimeout) else -1])
    try:
        message = str(error)
    except Exception:  # the task's own exception; whatever it does, the attempt has failed
        message = ""
    return _cause(name, frame, message, "")


def cause_without_code(error_type: str, message: str, task_type: str) -> Cause:
    """The cause of a failure that no line of the task's code raised; each task type has its own."""
    return _cause(error_type, "", message, task_type)


def plain_message(message: str) -> str:
    """A message without what differs from case to case, on one line, printable and short."""
    text = " ".join(message[: 2 * LOOK_CHARS].split())
    is_cut = len(text) > LOOK_CHARS or len(message) > 2 * LOOK_CHARS
    text = text[:LOOK_CHARS]
    text = _QUOTED.sub("'…'", _EMAIL.sub("…", _URL.sub("…", text)))
    if is_cut:  # the end of the last quotation is gone
        text = _OPEN_QUOTE.sub("'…'", text)
    text = _UUID.sub("#", text)
    text = _TOKEN.sub(lambda found: "#" if _is_id(found[0]) else found[0], text)
    text = _NUMBERS.sub("#", _WITH_DIGIT.sub("#", text))
    return escaped(text)[:MESSAGE_CHARS]


def _cause(error_type: str, frame: str, message: str, task_type: str) -> Cause:
    error_type, frame = escaped(error_type)[:NAME_CHARS], escaped(frame)[:NAME_CHARS]
    plain = plain_message(message)
    told = "\0".join((error_type, frame, plain, escaped(task_type)))
    return Cause(hashlib.sha256(told.encode()).hexdigest()[:16], error_type, frame, plain)


def _codes(error: BaseException) -> Iterator[CodeType]:
    """What was called, up to the line that raised."""
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame.f_code
        trace = trace.tb_next


def _place(code: CodeType) -> str:
    return f"{Path(code.co_filename).name}:{code.co_qualname}"


@functools.lru_cache(maxsize=1024)
def _is_own(filename: str) -> bool:
    """Whether code is the task's own: neither a library's nor Huey's nor ours."""
    if filename.startswith("<"):
        return False
    path = Path(filename).resolve()
    if {"site-packages", "dist-packages"} & set(path.parts):
        return False
    if path.is_relative_to(_OURS):
        return path.is_relative_to(_OURS / "tasks")
    return not str(path).startswith(_LIBRARIES)


def _is_id(token: str) -> bool:
    return len(token) >= 50 or any(char.isdigit() for char in token)
