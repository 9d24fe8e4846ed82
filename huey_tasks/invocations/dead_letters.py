"""Records that cannot be delivered, kept on this machine: one file a function, one line a record.

A destination that is no function (a queue of SQS, a topic of SNS, a bus of events) has no service
behind it here, and one that was a function may be gone. A line is written before the commit that
ends the task, and a repeat finds it by its id, so there is one, whatever is killed meanwhile.
"""

import contextlib
import datetime as dt
import errno
import fcntl
import json
import mmap
import os
import uuid
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = "dead-letters"


@dataclass(frozen=True)
class DeadLetters:
    """The file with the undelivered records of a function, and how many it has."""

    file: Path
    records: int


def file_of(data_dir: Path, function: str) -> Path:
    """Return where the records of a function are kept; the file is there once there is one."""
    return data_dir.expanduser().absolute() / FOLDER / f"{function}.jsonl"


def kept(data_dir: Path, function: str) -> DeadLetters | None:
    """Return what is kept of a function on this machine, None if that is nothing."""
    file = file_of(data_dir, function)
    try:
        with file.open("rb") as lines:
            return DeadLetters(file, sum(1 for _ in lines))
    except OSError:
        return None


def keep(file: Path, option: str, letter: dict[str, Any]) -> None:
    """Add a letter to a file and sync it to disk, unless that of its task and option is there.

    `letter` has a `task_id`. Raises OSError.
    """
    letter_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{letter['task_id']}/{option}"))
    at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    fields = {"id": letter_id, "at": at, "option": option, **letter}
    line = json.dumps(fields, ensure_ascii=False, default=repr).encode() + b"\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    with _locked(file) as fd:
        end = _end_of_lines(fd, json.dumps({"id": letter_id})[:-1].encode())
        if end is None:
            return
        os.ftruncate(fd, end)  # a writer that was killed has left a part of a line
        os.lseek(fd, end, os.SEEK_SET)
        if os.write(fd, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(fd)


@contextlib.contextmanager
def _locked(file: Path) -> Generator[int]:
    fd = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield fd
    finally:
        os.close(fd)


def _end_of_lines(fd: int, mark: bytes) -> int | None:
    """Return where the last whole line ends; None if one begins with the mark."""
    if not os.fstat(fd).st_size:
        return 0
    with mmap.mmap(fd, 0, access=mmap.ACCESS_READ) as content:
        end = content.rfind(b"\n") + 1
        is_there = content[: len(mark)] == mark or content.find(b"\n" + mark, 0, end) >= 0
        return None if is_there and end else end
