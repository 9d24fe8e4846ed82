"""New task ids: random UUIDs (RFC 9562, version 4) in lower case, many from one read.

Each batch asks the operating system again. Nothing is kept for the next one: after a fork both
processes would use the same ids.
"""

import os
import uuid

_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def new_ids(number: int) -> list[str]:
    """Return `number` ids that nobody else has."""
    digits = os.urandom(16 * number).hex()
    return [
        f"{digits[at : at + 8]}-{digits[at + 8 : at + 12]}-4{digits[at + 13 : at + 16]}-"
        f"{_VARIANT[digits[at + 16]]}{digits[at + 17 : at + 20]}-{digits[at + 20 : at + 32]}"
        for at in range(0, 32 * number, 32)
    ]


def new_id() -> str:
    """Return an id that nobody else has."""
    return new_ids(1)[0]


def is_task_id(text: str) -> bool:
    """Return whether a text is a task id in canonical form: a lower-case UUID with dashes."""
    try:
        return len(text) == 36 and str(uuid.UUID(text)) == text
    except ValueError:
        return False
