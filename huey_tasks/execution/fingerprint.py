"""Why a task failed: failures with the same cause get the same fingerprint.

A cause is the type of the exception, the place in the task's own code, and the message without what
differs from case to case: numbers, ids, long quotations. A message may be hostile: it is bounded
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

from huey_tasks.broker.protocol import Cause
from huey_tasks.values.plain_text import escaped
from huey_tasks.values.safe_repr import (
    leaves_of,
    module_name,
    reason_of,
    text_of,
    trace_of,
    type_name,
)

#: Characters of a message that are looked at, of the message of a cause, and of a name in it.
LOOK_CHARS, MESSAGE_CHARS, NAME_CHARS = 1000, 300, 200

#: Characters of a quotation that is kept.
QUOTED_CHARS = 32

#: How many exceptions of a group the message quotes.
GROUP_MEMBERS = 3

_OURS = Path(__file__).resolve().parent.parent
#: Code that Cython has compiled, such as gevent's, names its source and not where it is installed.
_COMPILED = (".pyx", ".pxd")
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
    name, module = type_name(kind), module_name(kind)
    if module.partition(".")[0] not in ("", "builtins", "huey", "huey_tasks"):
        name = f"{module}.{name}"
    frames = _own_frames(error)
    # Where a time limit strikes is chance; which task it struck is not.
    frame = "" if not frames else _place(frames[0 if issubclass(kind, TaskTimeout) else -1][0])
    return _cause(name, frame, _message(error), "")


def where(error: BaseException) -> str:
    """The line of the task's own code that raised, as `file.py:12 in function`; "" if none did."""
    frames = _own_frames(error)
    if not frames:
        return ""
    code, line = frames[-1]
    return escaped(f"{Path(code.co_filename).name}:{line} in {code.co_name}")[:NAME_CHARS]


def cause_without_code(error_type: str, message: str, task_type: str) -> Cause:
    """The cause of a failure that no line of the task's code raised; each task type has its own."""
    return _cause(error_type, "", message, task_type)


def plain_message(message: str) -> str:
    """A message without what differs from case to case, on one line, printable and short."""
    text = " ".join(message[: 2 * LOOK_CHARS].split())
    is_cut = len(text) > LOOK_CHARS or len(message) > 2 * LOOK_CHARS
    text = text[:LOOK_CHARS]
    text = _QUOTED.sub(_short_or_left_out, _EMAIL.sub("…", _URL.sub("…", text)))
    if is_cut:  # the end of the last quotation is gone
        text = _OPEN_QUOTE.sub("'…'", text)
    text = _UUID.sub("#", text)
    text = _TOKEN.sub(lambda found: "#" if _is_id(found[0]) else found[0], text)
    text = _NUMBERS.sub("#", _WITH_DIGIT.sub("#", text))
    return escaped(text)[:MESSAGE_CHARS]


def _short_or_left_out(quoted: re.Match[str]) -> str:
    """Keep a short quotation, such as a key: causes differ in it. A long one is data."""
    return quoted[0] if len(quoted[0]) <= QUOTED_CHARS + 2 else "'…'"


def _cause(error_type: str, frame: str, message: str, task_type: str) -> Cause:
    error_type, frame = escaped(error_type)[:NAME_CHARS], escaped(frame)[:NAME_CHARS]
    plain = plain_message(message)
    identity = "\0".join((error_type, frame, plain, escaped(task_type)))
    return Cause(hashlib.sha256(identity.encode()).hexdigest()[:16], error_type, frame, plain)


def _message(error: BaseException) -> str:
    """Return the text; a group only says how many it has, so its first members are added."""
    inside = [one for one in leaves_of(error) if one is not error][:GROUP_MEMBERS]
    return "; ".join(
        [text_of(error), *(f"{type_name(type(one))}: {text_of(one)}" for one in inside)]
    )


def _own_frames(error: BaseException) -> list[tuple[CodeType, int]]:
    """The task's own code that was called, with its lines, up to the one that raised.

    Of a group that of its first member, if that has any. Of one that is not the task's, such as a
    library's that was raised from another: that of the other.
    """
    for source in (*leaves_of(error), error, reason_of(error)):
        frames = [] if source is None else list(_frames(source))
        if own := [frame for frame in frames if _is_own(frame[0].co_filename)]:
            return own
    return []


def _frames(error: BaseException) -> Iterator[tuple[CodeType, int]]:
    trace = trace_of(error)
    while trace is not None:
        yield trace.tb_frame.f_code, trace.tb_lineno
        trace = trace.tb_next


def _place(code: CodeType) -> str:
    return f"{Path(code.co_filename).name}:{code.co_qualname}"


@functools.lru_cache(maxsize=1024)
def _is_own(filename: str) -> bool:
    """Whether code is the task's own: neither a library's nor Huey's nor ours."""
    if filename.startswith("<") or filename.endswith(_COMPILED):
        return False
    try:
        path = Path(filename).resolve()
    except (OSError, ValueError, RuntimeError):  # a name that is no path: code made by the task
        return True
    if {"site-packages", "dist-packages"} & set(path.parts):
        return False
    if path.is_relative_to(_OURS):
        return path.is_relative_to(_OURS / "tasks")
    return not str(path).startswith(_LIBRARIES)


def _is_id(token: str) -> bool:
    return len(token) >= 50 or any(char.isdigit() for char in token)
