"""A traceback that is kept: short enough to store, and cut between whole frames.

The first lines show where it began and the last ones what happened, so the middle is left out, and
a line there says how much is missing. Knows no task.
"""

import re

#: Characters that are kept of a traceback, and of one line in it.
KEPT_CHARS, LINE_CHARS = 20_000, 2_000

#: Frames at the beginning that are kept of a long one: how the task was called.
FIRST_FRAMES = 3

_FRAME = re.compile(r"\A\s*[|+]?\s*File \".*\", line \d+")


def cut(text: str) -> str:
    """Return at most about `KEPT_CHARS` of a traceback, whole lines of whole frames."""
    if len(text) <= KEPT_CHARS:
        return text
    lines = [_short(line) for line in text.split("\n")]
    starts = [at for at, line in enumerate(lines) if _FRAME.match(line)]
    head_ends = starts[FIRST_FRAMES] if len(starts) > FIRST_FRAMES else 0
    room = KEPT_CHARS - sum(len(line) + 1 for line in lines[:head_ends])
    tail = _tail_from(lines, head_ends, room)
    tail = next((at for at in starts if at >= tail), tail)
    if tail <= head_ends:
        return "\n".join(lines)
    frames = sum(head_ends <= at < tail for at in starts)
    left_out = f"{frames:,} frames" if frames else f"{tail - head_ends:,} lines"
    return "\n".join([*lines[:head_ends], f"  … {left_out} left out", *lines[tail:]])


def _tail_from(lines: list[str], first: int, room: int) -> int:
    """Return the first line of the tail that fits into `room`; the last line always stays."""
    at = len(lines)
    while at > first and (at == len(lines) or room >= len(lines[at - 1]) + 1):
        at -= 1
        room -= len(lines[at]) + 1
    return at


def _short(line: str) -> str:
    return line if len(line) <= LINE_CHARS else f"{line[:LINE_CHARS]}… (line cut)"
