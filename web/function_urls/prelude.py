"""The beginning of a streamed answer: the prelude of the response, if there is one.

A prelude is a JSON object, eight NUL bytes behind it, and then the body. An answer that does not
begin so is all body.
"""

import json
from collections.abc import Iterator
from typing import NamedTuple

import huey_tasks as tq

#: What divides the prelude of a streamed answer from its body.
DIVIDER = b"\0" * 8
#: Bytes in which a prelude must end.
_MOST_BYTES = 65_536


class Beginning(NamedTuple):
    """What was read of an answer: its prelude (None: it has none), and what is behind that.

    `end`: the end of the answer, if that was read, too.
    """

    prelude: bytes | None
    body: bytes
    end: tq.FunctionAnswer | None


def read_beginning(
    first: bytes | tq.FunctionAnswer, more: Iterator[bytes | tq.FunctionAnswer]
) -> Beginning:
    """Read until it is known whether there is a prelude."""
    read, piece = b"", first
    while True:
        end = None if isinstance(piece, bytes) else piece
        read += piece if isinstance(piece, bytes) else piece.body
        if DIVIDER in read:
            prelude, _, body = read.partition(DIVIDER)
            return Beginning(prelude, body, end)
        if end is not None or not _may_be_prelude(read):
            return Beginning(None, read, end)
        piece = next(more)


def _may_be_prelude(text: bytes) -> bool:
    """Return whether this may go on as an object with the divider behind it."""
    start = text.lstrip()
    if start and not start.startswith(b"{"):
        return False
    if len(text) > _MOST_BYTES:
        return False
    try:
        _, end = json.JSONDecoder().raw_decode(start.decode("utf-8", "ignore"))
    except (ValueError, RecursionError):
        return True  # it is not complete
    return not start.decode("utf-8", "ignore")[end:].strip("\0")
