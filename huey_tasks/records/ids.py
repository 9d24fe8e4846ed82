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
    return [_id_of(digits[at : at + 32]) for at in range(0, 32 * number, 32)]


def new_id() -> str:
    """Return an id that nobody else has."""
    return _id_of(os.urandom(16).hex())


def _id_of(digits: str) -> str:
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-"
        f"{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:]}"
    )


def is_task_id(text: str) -> bool:
    """Return whether a text is a task id in canonical form: a lower-case UUID with dashes.

    Raises TypeError for what is no text, such as the UUID that a database returns.
    """
    try:
        return len(text) == 36 and str(uuid.UUID(text)) == text
    except ValueError:
        return False
    except TypeError:
        raise TypeError(f"an id is a text: write str(…) of a {type(text).__name__}") from None
