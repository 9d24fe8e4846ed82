"""An answer that a handler writes in pieces: an iterator, such as a generator, of text and bytes.

Beside `bootstrap.py`, under a name that no function uses.
"""

from collections.abc import Callable, Iterator
from typing import Any

#: What divides the prelude of a function URL's answer from its body.
_DIVIDER = b"\0" * 8


class NoPiece(TypeError):
    """The handler has yielded something that cannot be sent."""


def is_in_pieces(returned: object) -> bool:
    """Return whether a handler has returned an answer in pieces."""
    return hasattr(returned, "__next__") and not isinstance(returned, (str, bytes))


def pieces(returned: "Iterator[Any]", encode: Callable[[Any], bytes]) -> "Iterator[bytes]":
    """Yield each piece as bytes; an object that comes first is the prelude of the response.

    Raises NoPiece, and whatever the handler raises.
    """
    for number, piece in enumerate(returned):
        if isinstance(piece, str):
            piece = piece.encode()
        elif number == 0 and isinstance(piece, dict) and "statusCode" in piece:
            piece = encode(piece) + _DIVIDER
        elif isinstance(piece, (bytearray, memoryview)):
            piece = bytes(piece)
        elif not isinstance(piece, bytes):
            text = f"a piece of an answer must be text or bytes, not {type(piece).__name__}"
            raise NoPiece(text)
        if piece:
            yield piece
