"""Limit the bytes of incomplete bodies that this process holds in memory.

Small bodies are not counted. A large one counts by the bytes received, not by its Content-Length,
so that a thousand clients that announce much and send little block nobody.
"""

from web.http.errors import TooManyBodies

#: Bytes: eight bulk requests of the largest size.
MAX_HELD_BYTES = 128 * 1024 * 1024
#: Bytes of a body that are not counted.
FREE_BYTES = 64 * 1024


class Room:
    """Counts held bytes against a limit."""

    def __init__(self, limit: int = MAX_HELD_BYTES) -> None:
        self._limit = limit
        self.held = 0

    def take(self, size: int) -> None:
        """Count `size` more bytes; raises TooManyBodies above the limit."""
        if self.held + size > self._limit:
            raise TooManyBodies("This process receives too many large bodies now; retry later.")
        self.held += size

    def free(self, size: int) -> None:
        """Count `size` bytes less."""
        self.held -= size


#: The room of this process.
ROOM = Room()
